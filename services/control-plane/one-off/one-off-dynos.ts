import { randomInt } from "node:crypto";
import type Docker from "dockerode";
import { dockerStatus, isNotFound, UserError } from "../../../lib/errors.ts";
import { DYNO_SIZES, type DynoSizeName } from "../../../model/app/sizes.ts";
import { configVarProblem } from "../../../model/names.ts";
import { createOneOff, type OneOff as OneOffSettings, oneOffSpec } from "../../../provider/docker/one-off.ts";
import { type CurrentRelease, currentRelease } from "./current.ts";
import { findOneOffs, UNLOGGED } from "./find.ts";
import type { OneOff, OneOffRequest, OneOffs } from "./ports.ts";
import { Running, type RunningArgs } from "./running.ts";
import type { Terminal } from "./terminal.ts";

export interface OneOffDynosOptions {
  readonly docker: Docker;
  readonly platform: OneOffSettings["platform"];
  /** Sees to it that the app's image is there. */
  prepare?(app: string): Promise<void>;
  /** What an app without a service would run: read from its stack's outputs. Undefined: it was never deployed. */
  deployed(app: string): Promise<CurrentRelease | undefined>;
  /** Why an app may start no dyno of this size now, e.g. because its free hours are used up; undefined: it may. */
  refusal?(app: string, size: string): string | undefined;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
  /**
   * Seconds after which a one-off dyno is stopped.
   * @default 86400
   */
  readonly limit?: number;
  /**
   * Seconds for a client to come to an attached one.
   * @default 60
   */
  readonly attachWithin?: number;
  /**
   * Seconds for which an ended container stays, so that its last lines and its time can still be read.
   * @default 5
   */
  readonly linger?: number;
}

/** One-off dynos that an app may have at a time, as on Heroku. */
const HIGHEST_COUNT = 50;

const DAY_SECONDS = 86_400;

/** How often a number that is taken is replaced by another. */
const ATTEMPTS = 20;

/** The one-off dynos of a platform: each a command in a fresh container of the app's current release. */
export class OneOffDynos implements OneOffs, AsyncDisposable {
  readonly #options: OneOffDynosOptions;
  readonly #running = new Set<Running>();

  constructor(options: OneOffDynosOptions) {
    this.#options = options;
  }

  /** Takes over what an earlier control plane started. Attached ones end: their clients were connected to it. */
  async recover(): Promise<void> {
    const { docker, platform } = this.#options;
    for (const found of await findOneOffs(docker, platform.name)) {
      const running = this.#keep(found);
      if (found.startedAt === undefined) running.stop();
      else if (found.attach) running.hangUp();
    }
  }

  async create(request: OneOffRequest): Promise<OneOff> {
    const { app, command, attach, tty, env } = request;
    for (const name of Object.keys(env)) {
      const problem = configVarProblem(name);
      if (problem !== undefined) throw new UserError(`${name} ${problem}.`);
    }
    if (this.list(app).length >= HIGHEST_COUNT) {
      throw new UserError(`Cannot run more than ${HIGHEST_COUNT} one-off dynos of an app at a time.`);
    }
    await this.#options.prepare?.(app);
    const release =
      (await currentRelease(this.#options.docker, this.#options.platform.name, app)) ??
      (await this.#options.deployed(app));
    if (release === undefined) throw new UserError(`${app} has no release yet. Deploy it first.`);
    const size = request.size ?? release.size;
    const refusal = this.#options.refusal?.(app, size);
    if (refusal !== undefined) throw new UserError(refusal);

    const made = await this.#createContainer({ ...request, size, release });
    const running = this.#keep({ ...made, app, command, size, attach, tty });
    if (!attach) await running.start();
    return running.show();
  }

  list(app: string): readonly OneOff[] {
    return this.#of(app).map((running) => ({ ...running.show(), secret: undefined }));
  }

  stop(app: string, dyno: string): boolean {
    const found = this.#of(app).find((running) => running.show().dyno === dyno);
    found?.stop();
    return found !== undefined;
  }

  /** With what a dyno's command ends, when it does; undefined: there is no such dyno, or it waits for its client. */
  async exitCode(app: string, dyno: string): Promise<number | undefined> {
    // One that has ended already is known for a moment.
    return [...this.#running].find((running) => running.app === app && running.show().dyno === dyno)?.exitCode;
  }

  /** The one-off dyno that waits for the client with this secret. */
  awaiting(secret: string): { readonly tty: boolean } | undefined {
    return this.#awaiting(secret);
  }

  /** Connects a client and starts the command; resolves when it has ended, or the client is gone. */
  async attach(secret: string, terminal: Terminal): Promise<void> {
    await this.#awaiting(secret)?.attach(terminal);
  }

  /** Lets go of them; what is detached runs on. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.release()));
  }

  #of(app: string): Running[] {
    return [...this.#running].filter((running) => running.app === app && !running.ended);
  }

  #awaiting(secret: string): Running | undefined {
    return [...this.#running].find((running) => running.awaits(secret));
  }

  #keep(args: Omit<RunningArgs, "docker" | "limits" | "report">): Running {
    const { docker, limit = DAY_SECONDS, attachWithin = 60, linger = 5, report } = this.#options;
    const running = new Running({ ...args, docker, limits: { limit, attachWithin, linger }, report });
    this.#running.add(running);
    void running.gone.then(() => this.#running.delete(running));
    return running;
  }

  /** Under a number that no other has: Docker refuses a name that is taken. */
  async #createContainer(args: OneOffRequest & { readonly size: string; readonly release: CurrentRelease }) {
    const { docker, platform } = this.#options;
    const { app, command, env, attach, tty, release, id } = args;
    const size = { name: args.size, ...DYNO_SIZES[args.size as DynoSizeName] };
    for (let attempt = 1; ; attempt++) {
      const dyno = `run.${randomInt(1000, 10_000)}`;
      const environment = {
        ...(id && { HEROKU_DYNO_ID: id(dyno) }),
        ...release.environment,
        ...(tty ? withoutWindow(env) : env),
      };
      const settings = { platform, app, dyno, type: "run", image: release.image, command, environment, size } as const;
      const spec = oneOffSpec({ ...settings, tty, stdin: attach });
      const Cmd = tty ? withinWindow(command, windowOf(env)) : spec.Cmd;
      // What a client sees is nobody else's business, so it is in no log.
      const HostConfig = { ...spec.HostConfig, ...(attach && { LogConfig: { Type: UNLOGGED, Config: {} } }) };
      try {
        return { dyno, container: await createOneOff(docker, { ...spec, Cmd, HostConfig }) };
      } catch (error) {
        if (isNotFound(error)) throw new UserError(`The image of ${app}'s release is gone. Deploy it again.`);
        if (dockerStatus(error) !== 409 || attempt === ATTEMPTS) throw error;
      }
    }
  }
}

interface Window {
  readonly columns: number;
  readonly rows: number;
}

/** Docker can give a terminal its size only after the command was started, which may have asked for it by then. */
function withinWindow(command: string, window: Window | undefined): string[] {
  if (window === undefined) return [command];
  const { rows, columns } = window;
  const first = `stty rows "$1" columns "$2" 2> /dev/null; exec /bin/bash -c "$3" bash`;
  return [first, String(rows), String(columns), command];
}

/** The window of the client, as it says in the environment that it wants. */
function windowOf(env: Readonly<Record<string, string>>): Window | undefined {
  const [columns, rows] = [Number(env.COLUMNS), Number(env.LINES)];
  return columns > 0 && rows > 0 ? { columns, rows } : undefined;
}

/** The terminal itself knows its size; a program that changes it would still believe a variable. */
function withoutWindow({ COLUMNS: _columns, LINES: _lines, ...env }: Readonly<Record<string, string>>) {
  return env;
}
