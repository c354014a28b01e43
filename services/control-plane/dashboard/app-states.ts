import type { RouterPort } from "../dynos/router-port.ts";
import type { DynoService } from "../dynos/services.ts";
import { type Html, html } from "../web/html.ts";

/** How an app is, in a word. */
export type AppWord =
  | "up"
  | "napping"
  | "sleeping"
  | "crashed"
  | "starting"
  | "stopped"
  | "out of hours"
  | "no release yet";

export interface AppState {
  readonly word: AppWord;
  /** Dynos that run or are to run. */
  readonly dynos: number;
}

interface AppStatesOptions {
  readonly router: Pick<RouterPort, "list">;
  readonly services: { all(app?: string): Promise<readonly DynoService[]> };
  /** What is known of a dyno by its service. */
  readonly dynos: { get(service: string): { readonly state: string } | undefined };
  /** Whether a service is at no replica because it crashed. */
  readonly isParked: (service: string) => boolean;
}

/**
 * The states of apps, from one look at the router's table and one at Docker's services.
 *
 * @param app only this one's
 */
export async function appStates(options: AppStatesOptions, app?: string): Promise<ReadonlyMap<string, AppState>> {
  const [routed, services] = await Promise.all([options.router.list(), options.services.all(app)]);
  const table = routed.filter((entry) => app === undefined || entry.app === app);
  const byApp = Map.groupBy(services, ({ app }) => app);
  return new Map(
    table.map((entry) => {
      const own = byApp.get(entry.app) ?? [];
      const routed = new Set(entry.dynos.map(({ name }) => name));
      const counted = own.filter(({ type, name, replicas }) =>
        type === "web" ? routed.has(name) : replicas > 0 || options.isParked(name),
      );
      const word = wordOf(entry.mode ?? "awake", counted, own, options);
      return [entry.app, { word, dynos: counted.length }] as const;
    }),
  );
}

function wordOf(
  mode: string,
  counted: readonly DynoService[],
  own: readonly DynoService[],
  { dynos, isParked }: AppStatesOptions,
): AppWord {
  if (mode === "napping") return "napping";
  if (mode === "asleep") return "sleeping";
  if (mode === "quota") return "out of hours";
  if (own.length === 0) return "no release yet";
  if (counted.length === 0) return "stopped";
  const states = counted.map(({ name }) => (isParked(name) ? "crashed" : (dynos.get(name)?.state ?? "up")));
  if (states.includes("crashed")) return "crashed";
  return states.every((state) => state === "starting") ? "starting" : "up";
}

const KINDS: Readonly<Record<AppWord, string>> = {
  up: "good",
  napping: "rest",
  sleeping: "rest",
  crashed: "bad",
  starting: "busy",
  stopped: "",
  "out of hours": "bad",
  "no release yet": "",
};

/** The state as it is shown. @param state undefined: the router knows nothing of the app */
export function badge(state: AppState | undefined, maintenance = false): Html {
  if (maintenance) return html`<span class="badge busy">maintenance</span>`;
  const word = state?.word ?? "no release yet";
  return html`<span class="badge ${KINDS[word]}">${word}</span>`;
}

/** The state of a dyno, in Heroku's words. */
export function dynoBadge(state: string): Html {
  const [word = ""] = state.split(" ", 1);
  const kind = { up: "good", crashed: "bad", idle: "rest", starting: "busy", stopping: "busy" }[word] ?? "";
  return html`<span class="badge ${kind}">${state}</span>`;
}
