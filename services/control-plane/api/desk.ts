import { setTimeout as after } from "node:timers/promises";
import { messageOf } from "../../errors.ts";
import type { Act, Clock } from "../types.ts";
import type { Call } from "./call.ts";
import { notFound } from "./errors.ts";
import { stableId } from "./ids.ts";
import { OutputsReader } from "./outputs.ts";
import type { AppFile, DeclaredApp, Ports } from "./ports.ts";
import type { Token } from "./token.ts";

export interface DeskOptions {
  readonly ports: Ports;
  readonly token: Token;
  /** The platform's name. */
  readonly platform: string;
  /** Who the token's bearer is: an e-mail address. */
  readonly user: string;
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
  readonly user: string;
  readonly platform: string;
  readonly hours: DeskOptions["hours"];
  readonly clock: Clock;
  readonly outputs: OutputsReader;

  constructor(options: DeskOptions) {
    this.ports = options.ports;
    this.token = options.token;
    this.user = options.user;
    this.platform = options.platform;
    this.hours = options.hours;
    this.clock = options.clock;
    this.outputs = new OutputsReader(options.ports.stacks, options.clock);
  }

  /** A UUID for something of this platform. */
  id(...parts: readonly string[]): string {
    return stableId("dynoform", this.platform, ...parts);
  }

  appId(app: DeclaredApp): string {
    return this.id("app", app.id);
  }

  get account(): { readonly id: string; readonly email: string } {
    return { id: this.id("user", this.user), email: this.user };
  }

  /** The app whose name or id stands in the path as `:app`. */
  async app(call: Call): Promise<DeclaredApp> {
    const { app: which = "" } = call.params;
    const named = await this.ports.apps.get(which);
    if (named !== undefined) return named;
    const found = (await this.ports.apps.list()).find((app) => this.appId(app) === which);
    if (found === undefined) throw notFound("app");
    return found;
  }

  /** A line of the app's log. */
  say(app: DeclaredApp, text: string): void {
    this.ports.logs.write(app.name, { source: "app", process: "api", text });
  }

  /** Does what changes nothing declared. */
  async act<T>(app: DeclaredApp, description: string, work: () => Promise<T>): Promise<T> {
    const act: Act = { user: this.user, description };
    return this.ports.apps.record(app.name, act, work);
  }

  /**
   * Changes an app by its stack file. A client waits for the end for a while, or as long as it says with
   * `Prefer: wait=SECONDS`; then the change goes on without it, and a failure is told in the app's log.
   */
  async change(
    call: Call,
    app: DeclaredApp,
    description: string,
    edit: (file: AppFile) => void | Promise<void>,
  ): Promise<Outcome> {
    const act: Act = { user: this.user, description };
    const before = (await this.outputs.of(app.stack)).release;
    const work = this.ports.apps.change(app.name, act, edit).finally(() => this.outputs.forget(app.stack));
    const whole = work.then(() => this.#tell(app, description, before));
    const waited = new AbortController();
    const patience = after(waitOf(call) * 1000, "going on" as const, { signal: waited.signal, ref: false });
    patience.catch(() => {});
    try {
      return await Promise.race([whole, patience]);
    } finally {
      waited.abort();
      // Nobody else would hear of it.
      whole.catch((error: unknown) => this.say(app, `${description} by user ${this.user} failed: ${firstLine(error)}`));
    }
  }

  async #tell(app: DeclaredApp, description: string, before: number | undefined): Promise<"done"> {
    this.say(app, `${description} by user ${this.user}`);
    // The change is made, whether its result can be read or not.
    const release = await this.outputs.of(app.stack).then(
      (outputs) => outputs.release,
      () => undefined,
    );
    if (release !== undefined && release !== before) this.say(app, `Release v${release} created by user ${this.user}`);
    return "done";
  }
}

/** Seconds; RFC 7240. */
function waitOf(call: Call): number {
  const wanted = /(?:^|[,;\s])wait=(\d{1,6})\b/.exec(String(call.request.headers.prefer ?? ""))?.[1];
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
