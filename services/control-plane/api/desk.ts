import { setTimeout as after } from "node:timers/promises";
import { stableId } from "../../../infra/ids.ts";
import { messageOf } from "../../errors.ts";
import type { Act, Clock } from "../types.ts";
import type { Call } from "./call.ts";
import { DryRun } from "./dry-run.ts";
import { ApiError, notFound } from "./errors.ts";
import type { OutputsReader } from "./outputs.ts";
import type { AppFile, Changed, DeclaredApp, Ports, Right } from "./ports.ts";
import type { Token } from "./token.ts";

export interface DeskOptions {
  readonly ports: Ports;
  readonly outputs: OutputsReader;
  readonly token: Token;
  /** The platform's name. */
  readonly platform: string;
  /** Free hours a month, of each app or of all together; 0: without end. */
  readonly hours: { readonly free: number; readonly per: "app" | "account" };
  readonly clock: Clock;
}

/** Seconds for which a change is waited for; the official command line gives up after 60 without a byte. */
const PATIENCE = 50;

/** How a change ended: it may also go on after the answer. */
export type Outcome = "done" | "going on";

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
   * Changes an app by its stack file. A client waits for the end for a while, or as long as it says with
   * `Prefer: wait=SECONDS`; then the change goes on without it, and a failure is told in the app's log.
   *
   * @throws DryRun with the preview instead, when that is wanted
   */
  async change(
    call: Call,
    app: DeclaredApp,
    description: string,
    edit: (file: AppFile) => void | Promise<void>,
  ): Promise<Outcome> {
    const user = call.caller.email;
    const act: Act = { user, description };
    if (call.dryRun) throw new DryRun(app.name, description, await this.ports.apps.plan(app.name, act, edit));
    const work = this.ports.apps.change(app.name, act, edit);
    work.catch(() => this.outputs.forget(app.stack));
    const whole = work.then((changed) => this.#tell(app, act, changed));
    // Nobody else would hear of it.
    whole.catch((error: unknown) => this.say(app, `${description} by user ${user} failed: ${firstLine(error)}`));
    return inTime(call, whole);
  }

  /**
   * Makes an app of the caller's.
   *
   * @param wanted its name; undefined: a random one
   * @throws DryRun with the preview instead, when that is wanted
   */
  async create(call: Call, wanted: string | undefined): Promise<{ app: DeclaredApp; outcome: Outcome }> {
    const { apps } = this.ports;
    const act: Act = { user: call.caller.email, description: "Initial release" };
    const name = await apps.newName(wanted);
    if (call.dryRun) throw new DryRun(name, `Create ${name}`, await apps.planCreate(name, act));
    const whole = apps.create(name, act, call.caller.id).then(({ app, ...made }) => this.#tell(app, act, made));
    const outcome = await inTime(call, whole);
    const app = await apps.get(name);
    if (app === undefined)
      throw new ApiError(503, "unavailable", `${name} is still being made; look for it in a minute.`);
    return { app, outcome };
  }

  /** Destroys an app and all that was its. @throws DryRun with the preview instead, when that is wanted */
  async destroy(call: Call, app: DeclaredApp): Promise<Outcome> {
    const { apps } = this.ports;
    const act: Act = { user: call.caller.email, description: `Destroy ${app.name}` };
    if (call.dryRun) throw new DryRun(app.name, act.description, await apps.planDestroy(app.name, act));
    const whole = apps.destroy(app.name, act).finally(() => this.outputs.forget(app.stack));
    whole.catch((error: unknown) => this.say(app, `Destruction by user ${act.user} failed: ${firstLine(error)}`));
    return inTime(
      call,
      whole.then(() => "done" as const),
    );
  }

  /** Gives an app another name. @throws DryRun with the preview instead, when that is wanted */
  async rename(call: Call, app: DeclaredApp, to: string): Promise<Outcome> {
    const { apps } = this.ports;
    const act: Act = { user: call.caller.email, description: `Rename ${app.name} to ${to}` };
    if (call.dryRun) throw new DryRun(app.name, act.description, await apps.planRename(app.name, to, act));
    const whole = apps.rename(app.name, to, act).finally(() => this.outputs.forget(app.stack));
    whole.catch((error: unknown) => this.say(app, `Renaming by user ${act.user} failed: ${firstLine(error)}`));
    return inTime(
      call,
      whole.then(() => "done" as const),
    );
  }

  #tell(app: DeclaredApp, { user, description }: Act, changed: Changed): "done" {
    this.say(app, `${description} by user ${user}`);
    if (changed.steps.some(({ type }) => type === "dyno:index:Release")) {
      this.say(app, `Release v${changed.outputs.release} created by user ${user}`);
    }
    this.outputs.take(app.stack, changed);
    return "done";
  }
}

/** Waits for a change as long as the client does; then it goes on by itself. */
async function inTime(call: Call, whole: Promise<"done">): Promise<Outcome> {
  const waited = new AbortController();
  const patience = after(waitOf(call) * 1000, "going on" as const, { signal: waited.signal, ref: false });
  patience.catch(() => {});
  whole.catch(() => {});
  try {
    return await Promise.race([whole, patience]);
  } finally {
    waited.abort();
  }
}

/** Seconds; RFC 7240. */
function waitOf(call: Call): number {
  const wanted = /(?:^|[,;\s])wait=(\d{1,6})\b/.exec(String(call.headers.prefer ?? ""))?.[1];
  return wanted === undefined ? PATIENCE : Number(wanted);
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n", 1)[0] ?? "";
}

/** What tells a client that the answer came before the end. */
export function pending(outcome: Outcome, app: DeclaredApp): Readonly<Record<string, string>> {
  if (outcome === "done") return {};
  return { "Warning-Message": `The change of ${app.name} is still being made; its log tells how it ends.` };
}
