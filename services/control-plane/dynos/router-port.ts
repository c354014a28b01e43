/** What the dyno manager asks of the router; `RouterClient` of provider/route is it. */

export type AppMode = "awake" | "napping" | "asleep" | "quota";

export interface RoutedApp {
  readonly app: string;
  readonly mode?: AppMode;
  /** `name` is the Swarm service. */
  readonly dynos: readonly { readonly name: string }[];
  /** `timeout`: seconds that a dyno has to prove itself. */
  readonly check?: { readonly timeout: number };
}

export interface AppActivity {
  /** When the last request came, in seconds since 1970; the start of the router when none has come yet. */
  readonly last: number;
  /** Requests that are being answered. */
  readonly inflight: number;
}

/**
 * A step of a restart beside. `keep`: requests stay with the container at this address. `move`: they go to this one;
 * resolves when it answers. `drain`: resolves when the old one's requests have ended, or had their time. `alone`: the
 * dyno has one container again.
 */
export type BesideStep =
  | { readonly state: "keep" | "move"; readonly at: string }
  | { readonly state: "drain" | "alone" };

export interface RouterPort {
  list(): Promise<readonly RoutedApp[]>;
  activity(): Promise<Readonly<Record<string, AppActivity>>>;
  /**
   * Resolves when the requests in flight have ended.
   *
   * @param options `ifIdle`: refused (see {@link isBusy}) when a request came within so many seconds
   */
  mode(app: string, mode: AppMode, options?: { readonly ifIdle?: number }): Promise<unknown>;
  /** Gives a dyno no new request; resolves when those it has have ended, or had their time. */
  takeOut(app: string, service: string): Promise<unknown>;
  /** Resolves when the dyno answers, and gets requests again; see {@link probeFailure}. */
  putIn(app: string, service: string): Promise<unknown>;
  /** @throws as {@link putIn} */
  beside(app: string, service: string, step: BesideStep): Promise<unknown>;
  /** Whether a dyno, also one that an `up` is proving, was seen to listen on its port. */
  bound(service: string): Promise<boolean>;
  /** Whether to answer requests at once, as long as there is no dyno, instead of holding them. */
  crashed(app: string, crashed: boolean): Promise<unknown>;
}

/** Whether the router refused because the app is in use. */
export function isBusy(error: unknown): boolean {
  return kind(error) === "busy";
}

/** Whether the router has no such app or dyno. */
export function isUnrouted(error: unknown): boolean {
  return kind(error) === "not_found";
}

/** Why a dyno did not prove itself: `status` (it answers, but 500 or more), `refused`, `no_answer`, `no_name`. */
export function probeFailure(error: unknown): string | undefined {
  if (kind(error) !== "probe") return undefined;
  return (error as { probe?: { reason?: string } }).probe?.reason ?? "no_answer";
}

function kind(error: unknown): string | undefined {
  return (error as { error?: string } | undefined)?.error;
}
