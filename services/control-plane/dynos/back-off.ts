import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../../lib/errors.ts";
import type { AppLock, Clock } from "../types.ts";
import { type CrashRecord, CrashRecords } from "./back-off-store.ts";
import type { RouterPort } from "./router-port.ts";
import type { DynoService, DynoServices } from "./services.ts";
import type { Crash, DynoNames } from "./slots.ts";
import type { DynoStates } from "./states.ts";

/** All in seconds. */
export interface BackOffTimes {
  /** How long a dyno is parked after its second crash; twice as long after each further one. */
  readonly first: number;
  /** At most. */
  readonly most: number;
  /** A dyno that ran for so long is well: its next crash is the first again. */
  readonly well: number;
  /** So long after somebody else changed a dyno without a port, an `up` may still be proving it. */
  readonly proving: number;
}

/** Heroku's: 20 minutes, 40, … up to 5 hours and 20 minutes. */
export const BACK_OFF: BackOffTimes = { first: 1200, most: 19_200, well: 600, proving: 120 };

interface BackOffArgs {
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly lock: AppLock;
  readonly router: RouterPort;
  readonly services: DynoServices;
  readonly states: DynoStates;
  readonly warn: (message: string) => void;
  readonly times?: BackOffTimes;
}

/** Milliseconds between two looks for services that are gone. */
const LOOK_EVERY_MS = 60_000;

/**
 * What becomes of dynos that crash. Swarm starts each again at once; from its second crash in a row on a dyno is
 * parked at no replica for a time that doubles. Dynos that an `up` is just proving, and those of apps that sleep, are
 * left alone.
 */
export class BackOff {
  readonly #args: BackOffArgs;
  readonly #times: BackOffTimes;
  readonly #records: CrashRecords;
  /** Services whose crash is being looked at. */
  readonly #looking = new Set<string>();
  #looked = Number.NEGATIVE_INFINITY;

  constructor(args: BackOffArgs) {
    this.#args = args;
    this.#times = args.times ?? BACK_OFF;
    this.#records = new CrashRecords(args.db);
    args.states.onCrash((crash) => {
      this.crashed(crash).catch((error) => {
        args.warn(`the crash of ${crash.dyno.dyno} of ${crash.dyno.app} was not seen to: ${messageOf(error)}`);
      });
    });
  }

  /** When a parked dyno is started again, in milliseconds since 1970; undefined: it is not parked. */
  parkedUntil(service: string): number | undefined {
    return this.#records.get(service)?.until ?? undefined;
  }

  /** The dyno's crashes so far count no more: it sleeps, or somebody restarts it. */
  forget(service: string): void {
    this.#records.remove(service);
  }

  /** Lets a dyno that is woken crash once more before it is parked: somebody waits for it. */
  forgive({ service, app, dyno, type }: DynoNames): void {
    if (service === undefined) return;
    this.#records.set({ service, app, dyno, type, crashes: -1, last: this.#args.clock(), until: null });
  }

  /** A dyno crashed. */
  async crashed({ dyno, ran }: Crash): Promise<void> {
    const { service, app, type } = dyno;
    const { clock, lock } = this.#args;
    if (this.#looking.has(service) || lock.busy(app)) return;
    this.#looking.add(service);
    try {
      if (!(await this.#isOurs(dyno))) return;
      const before = this.#records.get(service);
      const well = ran >= this.#times.well * 1000;
      const crashes = well ? 1 : (before?.crashes ?? 0) + 1;
      this.#records.set({ service, app, dyno: dyno.dyno, type, crashes, last: clock(), until: null });
      if (crashes < 2) return;
      await lock.run(app, `the parking of ${dyno.dyno}`, async () => {
        if (await this.#isOurs(dyno)) await this.#park(dyno, crashes);
      });
    } finally {
      this.#looking.delete(service);
    }
  }

  /** Starts again those whose time has come, and forgets those that are well. */
  async tick(): Promise<void> {
    const now = this.#args.clock();
    const look = now - this.#looked >= LOOK_EVERY_MS;
    if (look) this.#looked = now;
    const problems: unknown[] = [];
    for (const record of this.#records.all()) {
      // What is wrong with one app keeps no other's dynos down.
      await this.#see(record, now, look).catch((error) => problems.push(error));
    }
    if (problems.length > 0) throw problems[0];
  }

  async #see(record: CrashRecord, now: number, look: boolean): Promise<void> {
    const { lock } = this.#args;
    const { service, app, dyno, until, last } = record;
    if (until === null) {
      if (now - last >= this.#times.well * 1000) this.#records.remove(service);
    } else if (until <= now) {
      if (!lock.busy(app)) await lock.run(app, `the start of ${dyno}`, () => this.#startAgain(record));
    } else if (look && (await this.#service(record)) === undefined) {
      this.#records.remove(service);
    }
  }

  async #park(dyno: Crash["dyno"], crashes: number): Promise<void> {
    const { clock, services, router, states } = this.#args;
    const { service, app, type } = dyno;
    states.parking(dyno);
    // The record first: a dyno at no replica of which nobody knows would never be started again.
    const pause = Math.min(this.#times.first * 2 ** (crashes - 2), this.#times.most);
    const until = clock() + pause * 1000;
    this.#records.set({ service, app, dyno: dyno.dyno, type, crashes, last: clock(), until });
    if (!(await services.scale(service, 0))) this.#records.remove(service);
    else if (type === "web") await router.crashed(app, true);
  }

  async #startAgain(record: CrashRecord): Promise<void> {
    const { clock, services, router, states } = this.#args;
    const found = await this.#service(record);
    const mode = (await router.list()).find(({ app }) => app === record.app)?.mode;
    // What sleeps is started when it wakes.
    if (found === undefined || mode === "asleep" || mode === "quota") {
      this.#records.remove(record.service);
      return;
    }
    states.unparking(record);
    if (found.replicas === 0) await services.startKnown(found);
    this.#records.set({ ...record, last: clock(), until: null });
  }

  async #service({ app, service }: { app: string; service: string }): Promise<DynoService | undefined> {
    return (await this.#args.services.all(app)).find(({ name }) => name === service);
  }

  /** Whether nobody else is at it: no `up` that proves it, and the app does not sleep. */
  async #isOurs({ app, service, type }: Crash["dyno"]): Promise<boolean> {
    const entry = (await this.#args.router.list()).find((routed) => routed.app === app);
    if (entry?.mode === "asleep" || entry?.mode === "quota") return false;
    if (type === "web") return entry?.dynos.some(({ name }) => name === service) ?? false;
    const found = await this.#service({ app, service });
    if (found === undefined || found.replicas === 0) return false;
    const record = this.#records.get(service);
    const touched = found.updatedAt > (record?.last ?? 0) + 2000 ? found.updatedAt : found.createdAt;
    return this.#args.clock() - touched >= this.#times.proving * 1000;
  }
}
