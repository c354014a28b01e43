import { messageOf } from "../../../lib/errors.ts";
import type { RouterCertificate, RouterRevision, WantedCertificate } from "../../router-client/client.ts";
import type { Clock } from "../types.ts";
import { mayOrderAt, recent } from "./attempts.ts";
import type { Checked } from "./check.ts";
import { AuthorityAway, type Directory } from "./directory.ts";
import { type Issued, type Lego, OrderFailed } from "./lego.ts";
import type { WantedName } from "./names.ts";
import type { NameState, NameStore } from "./store.ts";

/** What this part asks of the router. */
export interface CertificateShelf {
  revision(after?: RouterRevision): Promise<RouterRevision>;
  list(): Promise<readonly RouterCertificate[]>;
  put(name: string, certificate: WantedCertificate): Promise<unknown>;
  remove(name: string): Promise<unknown>;
}

export interface AutomaticOptions {
  readonly store: NameStore;
  readonly client: Pick<Lego, "open" | "certificate" | "order" | "renew" | "remove">;
  readonly authority: { directory(): Promise<Directory>; doubt(): void };
  readonly router: CertificateShelf;
  /** The names that are declared at this moment. */
  wanted(): Promise<readonly WantedName[]>;
  check(name: WantedName, identities: readonly string[]): Promise<Checked>;
  readonly clock: Clock;
  /** @default Math.random */
  random?(): number;
  report(problem: string): void;
}

/** Milliseconds until a name that cannot be had is looked at again: who mends DNS waits for no more than this. */
const LOOK_MS = 20_000;
/** Between two readings of all that is declared, for who edits a stack file. */
const READ_MS = 15_000;
/** Until what failed for other reasons than the name's is ordered again. */
const AGAIN_MS = 120_000;
/** Between two questions whether a certificate is to be renewed. */
const RENEWAL_MS = 6 * 3_600_000;
/** For which a name that is no longer declared is kept: a change that fails is taken back. */
const GRACE_MS = 120_000;
/** Names that are looked at, and orders, at a time. An order takes some 40 MB. */
const LOOKS = 16;
const ORDERS = 6;

/** What begins the names of these certificates in the router. A wildcard's `*.` is none of a name's. */
const [PREFIX, WILD] = ["acme.", "acme-wild."];

/**
 * Certificates that renew themselves, one for each name that is declared. Nothing is ordered before a look of our own has found
 * that it can be had, and that look is taken again and again, so that whoever mends DNS has nothing else to do.
 */
export class AutomaticCertificates {
  readonly #options: AutomaticOptions;
  readonly #issued = new Map<string, Issued>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #missed = new Map<string, number>();
  readonly #looks = new Turns(LOOKS);
  readonly #orders = new Turns(ORDERS);
  #names = new Map<string, WantedName>();
  /** When the names were read; undefined: they are to be read now. */
  #read: number | undefined;
  #opened = false;
  #seen = "";

  constructor(options: AutomaticOptions) {
    this.#options = options;
  }

  /** How it stands with a name; undefined: it is to have none. */
  state(host: string): (NameState & { readonly chain?: string; readonly until?: number }) | undefined {
    const state = this.#options.store.get(host);
    const issued = this.#issued.get(host);
    return state && this.#names.has(host)
      ? { ...state, ...(issued !== undefined && { chain: issued.chain, until: issued.until }) }
      : undefined;
  }

  /** Something was declared: names are read anew at once. */
  notice(): void {
    this.#read = undefined;
  }

  /** Has names looked at now, whatever was found before. The authority's limits hold. */
  refresh(hosts: readonly string[]): void {
    const { store } = this.#options;
    for (const host of hosts) {
      const state = store.get(host);
      if (state !== undefined) store.set(host, { ...state, next: 0, seen: null });
    }
  }

  /** Begins whatever is due. */
  async tick(): Promise<void> {
    const { client, store, clock } = this.#options;
    if (!this.#opened) await client.open();
    this.#opened = true;
    if (this.#read === undefined || clock() - this.#read >= READ_MS) await this.#readNames();
    await this.#forgetOthers();
    await this.#serve();
    for (const name of this.#names.values()) {
      const { next = 0 } = store.get(name.host) ?? {};
      if (next > clock() || this.#busy.has(name.host)) continue;
      const work = this.#look(name)
        .catch((error: unknown) => {
          this.#set(name.host, { reason: messageOf(error), next: clock() + LOOK_MS });
          this.#options.report(`the certificate of ${name.host}: ${messageOf(error)}`);
        })
        .finally(() => this.#busy.delete(name.host));
      this.#busy.set(name.host, work);
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values());
  }

  async #readNames(): Promise<void> {
    this.#read = this.#options.clock();
    const names = new Map((await this.#options.wanted()).map((name) => [name.host, name]));
    for (const host of names.keys()) if (!this.#names.has(host)) await this.#find(host);
    this.#names = names;
  }

  /** Takes over what another process of the control plane was given. */
  async #find(host: string): Promise<void> {
    const issued = await this.#options.client.certificate(host);
    if (issued !== undefined) this.#issued.set(host, issued);
    const state = this.#options.store.get(host);
    if (state === undefined) this.#set(host, { state: issued === undefined ? "waiting" : "issued", next: 0 });
    // Whoever was ordering is gone.
    else if (state.state === "ordering") this.#set(host, { state: issued === undefined ? "waiting" : "issued" });
    if (issued === undefined && state?.state === "issued") this.#set(host, { state: "waiting", next: 0 });
  }

  async #forgetOthers(): Promise<void> {
    const { store, router, client, clock } = this.#options;
    for (const host of store.hosts) {
      if (this.#names.has(host)) {
        this.#missed.delete(host);
        continue;
      }
      const since = this.#missed.get(host) ?? clock();
      this.#missed.set(host, since);
      if (clock() - since < GRACE_MS || this.#busy.has(host)) continue;
      await router.remove(shelfName(host));
      await client.remove(host);
      this.#issued.delete(host);
      this.#missed.delete(host);
      store.forget(host);
    }
  }

  /** Has the router serve what there is; it may have lost its folder. */
  async #serve(): Promise<void> {
    const { router } = this.#options;
    const { certificates } = await router.revision();
    const wanted = [...this.#issued].filter(([host]) => this.#names.has(host));
    const now = `${certificates} ${wanted.map(([host, { until }]) => `${host}:${until}`).join(" ")}`;
    if (now === this.#seen) return;
    const there = new Map((await router.list()).map(({ name, chain }) => [name, chain]));
    for (const [host, { chain, key }] of wanted) {
      if (there.get(shelfName(host)) !== chain) await router.put(shelfName(host), { hosts: [host], chain, key });
    }
    // Nobody's any more: whoever was to take it away was killed.
    const known = new Set(this.#options.store.hosts.map(shelfName));
    for (const name of there.keys()) if (isShelfName(name) && !known.has(name)) await router.remove(name);
    this.#seen = now;
  }

  async #look(name: WantedName): Promise<void> {
    const { authority, check, clock, client, store } = this.#options;
    const { host } = name;
    const issued = this.#issued.get(host);
    // Nobody is told of trouble with a renewal that is not wanted yet.
    const late = issued !== undefined && isLate(issued, clock());
    const problem = (reason: string) =>
      issued === undefined
        ? this.#set(host, { state: "failing", reason, next: clock() + LOOK_MS })
        : this.#set(host, { reason: late ? reason : null, next: clock() + (late ? LOOK_MS : this.#jittered()) });
    let identities: readonly string[];
    try {
      ({ identities } = await authority.directory());
    } catch (error) {
      if (error instanceof AuthorityAway) return problem(error.message);
      throw error;
    }
    const { problem: found, seen } = await this.#looks.run(() => check(name, identities));
    if (found !== undefined) return problem(found);
    const { failed = [], seen: before = null } = store.get(host) ?? {};
    const at = mayOrderAt(failed, before === null ? true : before !== seen);
    if (at > clock()) return this.#set(host, { next: Math.min(at, clock() + LOOK_MS) });
    await this.#orders.run(async () => {
      if (issued === undefined) this.#set(host, { state: "ordering", reason: null });
      // An order that is cut off counts as one that failed.
      const begun = clock();
      this.#set(host, { failed: [...failed, begun], seen });
      await (issued === undefined ? client.order(name) : client.renew(name)).then(
        () => this.#succeeded(host),
        (error: unknown) => this.#failed(host, failed, begun, error),
      );
    });
  }

  async #succeeded(host: string): Promise<void> {
    const { client, clock } = this.#options;
    const issued = await client.certificate(host);
    if (issued === undefined) throw new Error(`nothing that could be served came of the order for ${host}`);
    this.#issued.set(host, issued);
    await this.#serve();
    this.#set(host, { state: "issued", reason: null, failed: [], next: clock() + this.#jittered() });
  }

  #failed(host: string, failed: readonly number[], begun: number, error: unknown): void {
    if (!(error instanceof OrderFailed)) throw error;
    const { authority, clock } = this.#options;
    const issued = this.#issued.get(host);
    authority.doubt();
    const next = Math.max(error.notBefore ?? 0, clock() + (error.counted ? LOOK_MS : AGAIN_MS));
    const state = issued === undefined ? ({ state: "failing" } as const) : {};
    const times = error.counted ? recent([...failed, begun]) : failed;
    this.#set(host, { ...state, reason: error.message, failed: times, next });
  }

  /** So that not all that were ordered at once are renewed at once. */
  #jittered(): number {
    const { random = Math.random } = this.#options;
    return Math.round(RENEWAL_MS * (0.75 + random() / 2));
  }

  #set(host: string, change: Partial<Omit<NameState, "since">>): void {
    const { store, clock } = this.#options;
    const now = clock();
    const before = store.get(host) ?? { state: "waiting", reason: null, failed: [], seen: null, next: 0, since: now };
    const since = change.state !== undefined && change.state !== before.state ? now : before.since;
    store.set(host, { ...before, ...change, since });
  }
}

/** Whether a third of its life, or less, is left. @param now milliseconds since 1970 */
function isLate({ from, until }: Pick<Issued, "from" | "until">, now: number): boolean {
  return until - now < (until - from) / 3;
}

/** What the certificate of a name is called in the router. */
function shelfName(host: string): string {
  return host.startsWith("*.") ? `${WILD}${host.slice(2)}` : `${PREFIX}${host}`;
}

function isShelfName(name: string): boolean {
  return name.startsWith(PREFIX) || name.startsWith(WILD);
}

/** So many at a time; the others wait. */
class Turns {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#taken++;
    try {
      return await work();
    } finally {
      this.#taken--;
      this.#waiting.shift()?.();
    }
  }
}
