import { setTimeout as after } from "node:timers/promises";
import { messageOf } from "../../../lib/errors.ts";
import { stableId } from "../../../model/ids.ts";
import type { Right } from "../accounts/caller.ts";
import type { Token } from "../accounts/token.ts";
import type { OutputsReader } from "../apps/outputs.ts";
import type { AppFile, Changed, DeclaredApp } from "../apps/ports.ts";
import type { Act, Clock } from "../types.ts";
import type { Call } from "./call.ts";
import { DryRun } from "./dry-run.ts";
import { ApiError, notFound } from "./errors.ts";
import { patienceOf } from "./patience.ts";
import type { Ports } from "./ports.ts";

interface DeskOptions {
  readonly ports: Ports;
  readonly outputs: OutputsReader;
  readonly token: Token;
  /** The platform's name. */
  readonly platform: string;
  /** Free hours a month, of each app or of all together; 0: without end. */
  readonly hours: { readonly free: number; readonly per: "app" | "account" };
  readonly clock: Clock;
}

/** For what the URLs of what builds say are signed. */
export const BUILD_OUTPUT = "build-output";

/** What all handlers share. */
export class Desk {
  readonly ports: Ports;
  readonly token: Token;
  readonly platform: string;
  readonly hours: DeskOptions["hours"];
  readonly clock: Clock;
  readonly outputs: OutputsReader;

  constructor(options: DeskOptions) {
    this.ports = options.ports;
    this.token = options.token;
    this.platform = options.platform;
    this.hours = options.hours;
    this.clock = options.clock;
    this.outputs = options.outputs;
  }

  /** A UUID for something of this platform. */
  id(...parts: readonly string[]): string {
    return stableId("dynoform", this.platform, ...parts);
  }

  appId(app: DeclaredApp): string {
    return this.id("app", app.id);
  }

  /** Somebody who did something, as answers name them. */
  user(email: string): { readonly id: string; readonly email: string } {
    return { id: this.id("user", email), email };
  }

  /**
   * The app whose name or id stands in the path as `:app`.
   *
   * @throws ApiError 404 when there is none, or none for the caller; 403 when the caller may use it and no more
   */
  async app(call: Call, right: Right = "use"): Promise<DeclaredApp> {
    return this.appNamed(call, call.params.app ?? "", right);
  }

  /** @param which a name or an id */
  async appNamed(call: Call, which: string, right: Right = "use"): Promise<DeclaredApp> {
    const { accounts, apps } = this.ports;
    const found = (await apps.get(which)) ?? (await apps.list()).find((app) => this.appId(app) === which);
    // That there is an app of somebody else's is nobody's business.
    if (found === undefined || !accounts.may(call.caller, found.id, "use")) throw notFound("app");
    if (!accounts.may(call.caller, found.id, right)) {
      throw new ApiError(403, "forbidden", `Only the owner of ${found.name} may do that.`);
    }
    return found;
  }

  /** The apps that the caller may use. */
  async apps(call: Call): Promise<readonly DeclaredApp[]> {
    const { accounts, apps } = this.ports;
    return (await apps.list()).filter((app) => accounts.may(call.caller, app.id, "use"));
  }

  /** Where is what a build says, for whoever has the URL. @param build its id */
  async buildOutput({ origin }: Call, build: string): Promise<string> {
    return `${origin}/build-outputs/${build}/${await this.token.sign(BUILD_OUTPUT, build)}`;
  }

  /** A line of the app's log. */
  say(app: DeclaredApp, text: string): void {
    this.ports.logs.write(app.name, { source: "app", process: "api", text });
  }

  /** Does what changes nothing declared. @throws DryRun instead, when that is wanted */
  async act<T>(call: Call, app: DeclaredApp, description: string, work: () => Promise<T>): Promise<T> {
    if (call.dryRun) throw new DryRun(app.name, description);
    const act: Act = { user: call.caller.email, description };
    return this.ports.apps.record(app.name, act, work);
  }

  /**
   * Does what changes other stacks than the app's, and notes that itself among what is done to the app. How it ends is told
   * in the app's log as well.
   *
   * @throws DryRun instead, when that is wanted; ApiError 504 when it takes longer than the client waits: it goes on
   */
  async actInTime<T>(call: Call, app: DeclaredApp, description: string, work: (act: Act) => Promise<T>): Promise<T> {
    const act: Act = { user: call.caller.email, description };
    if (call.dryRun) throw new DryRun(app.name, description);
    const whole = work(act);
    whole.then(
      (made) => {
        this.say(app, `${description} by user ${act.user}`);
        if (hasWarnings(made)) for (const warning of made.warnings) this.#sayAll(app, `Warning: ${warning}`);
      },
      () => {},
    );
    this.#tellFailure(app, act, whole);
    return inTime(call, goingOn(app.name, description), whole);
  }

  /**
   * Changes an app by its stack file. How it ends is told in the app's log as well.
   *
   * @throws DryRun with the preview instead, when that is wanted; ApiError 504 when it takes longer than the client
   * waits: it goes on, and may still be taken back
   */
  async change(
    call: Call,
    app: DeclaredApp,
    description: string,
    edit: (file: AppFile) => void | Promise<void>,
  ): Promise<Changed> {
    const act: Act = { user: call.caller.email, description };
    if (call.dryRun) throw new DryRun(app.name, description, await this.ports.apps.plan(app.name, act, edit));
    const work = this.ports.apps.change(app.name, act, edit);
    work.catch(() => this.outputs.forget(app.stack));
    const whole = work.then((changed) => this.#tell(app, act, changed));
    this.#tellFailure(app, act, whole);
    return inTime(call, goingOn(app.name, description), whole);
  }

  /**
   * Makes an app of the caller's.
   *
   * @param wanted its name; undefined: a random one
   * @throws DryRun with the preview instead, when that is wanted
   */
  async create(call: Call, wanted: string | undefined): Promise<{ app: DeclaredApp; changed: Changed }> {
    const { apps } = this.ports;
    const act: Act = { user: call.caller.email, description: "Initial release" };
    const name = await apps.newName(wanted);
    if (call.dryRun) throw new DryRun(name, `Create ${name}`, await apps.planCreate(name, act));
    const whole = apps.create(name, act, call.caller.id).then(({ app, ...made }) => this.#tell(app, act, made));
    const changed = await inTime(
      call,
      `${name} is being made, and will be gone if that fails. Look whether it is there: heroku apps:info -a ${name}`,
      whole,
    );
    const app = await apps.get(name);
    if (app === undefined) throw notFound("app");
    return { app, changed };
  }

  /** Destroys an app and all that was its. @throws DryRun with the preview instead, when that is wanted */
  async destroy(call: Call, app: DeclaredApp): Promise<void> {
    const { apps } = this.ports;
    const act: Act = { user: call.caller.email, description: `Destroy ${app.name}` };
    if (call.dryRun) throw new DryRun(app.name, act.description, await apps.planDestroy(app.name, act));
    const whole = apps.destroy(app.name, act).finally(() => this.outputs.forget(app.stack));
    this.#tellFailure(app, act, whole);
    await inTime(call, `${app.name} is being destroyed still. Look whether it is there: heroku apps`, whole);
  }

  /** Gives an app another name. @throws DryRun with the preview instead, when that is wanted */
  async rename(call: Call, app: DeclaredApp, to: string): Promise<Changed> {
    const { apps } = this.ports;
    const act: Act = { user: call.caller.email, description: `Rename ${app.name} to ${to}` };
    if (call.dryRun) throw new DryRun(app.name, act.description, await apps.planRename(app.name, to, act));
    const whole = apps.rename(app.name, to, act).finally(() => this.outputs.forget(app.stack));
    this.#tellFailure(app, act, whole);
    return inTime(call, goingOn(app.name, act.description), whole);
  }

  #tell<C extends Changed>(app: DeclaredApp, { user, description }: Act, changed: C): C {
    this.say(app, `${description} by user ${user}`);
    for (const warning of changed.warnings) this.#sayAll(app, `Warning: ${warning}`);
    if (changed.steps.some(({ type }) => type === "dyno:index:Release")) {
      this.say(app, `Release v${changed.outputs.release} created by user ${user}`);
    }
    this.outputs.take(app.stack, changed);
    return changed;
  }

  /** In the words that whoever waits for it reads: nobody may be waiting any more. */
  #tellFailure(app: DeclaredApp, { user, description }: Act, work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#sayAll(app, `${description} by user ${user} failed: ${messageOf(error)}`));
  }

  #sayAll(app: DeclaredApp, text: string): void {
    for (const line of text.split("\n")) this.say(app, line);
  }
}

/**
 * Waits for a change as long as the client does; then it goes on by itself.
 *
 * @param late what a client is told that does not wait to the end
 * @throws ApiError 504, since what is not done is not called so
 */
async function inTime<T>(call: Call, late: string, whole: Promise<T>): Promise<T> {
  const seconds = patienceOf(call.headers);
  whole.catch(() => {});
  if (seconds === Number.POSITIVE_INFINITY) return whole;
  const waited = new AbortController();
  const patience = after(seconds * 1000, undefined, { signal: waited.signal, ref: false }).then(() => {
    throw new ApiError(504, "timeout", late);
  });
  patience.catch(() => {});
  try {
    return await Promise.race([whole, patience]);
  } finally {
    waited.abort();
  }
}

function goingOn(app: string, what: string): string {
  return `${what} goes on and is not done yet: if it fails, ${app} is put back as it was. Its log tells how it ends: heroku logs -a ${app}`;
}

function hasWarnings(made: unknown): made is Pick<Changed, "warnings"> {
  return typeof made === "object" && made !== null && "warnings" in made && Array.isArray(made.warnings);
}

/** Characters that a header can have. */
const HEADER = /[^\t\x20-\x7e]/g;
/** How many of the app's last lines a header has. */
const SHOWN = 3;

/** What tells a client how a change that was made is not as one would wish; the official command line shows it. */
export function warned({ warnings }: Pick<Changed, "warnings">): Readonly<Record<string, string>> {
  const [text, ...more] = warnings;
  if (text === undefined) return {};
  const [first = "", ...lines] = text.split("\n").map((line) => line.trim());
  const shown = [first, ...lines.slice(-SHOWN)].join(" | ");
  const rest = more.length === 0 ? "" : ` (and ${more.length} more like this)`;
  return { "Warning-Message": `${shown}${rest}`.replace(HEADER, "?") };
}
