import { messageOf } from "../../../lib/errors.ts";
import type { Naps } from "../dynos/naps.ts";
import type { RouterPort } from "../dynos/router-port.ts";
import type { Sleep } from "./sleep.ts";

interface StaleArgs {
  readonly sleep: Pick<Sleep, "sleep">;
  readonly naps: Pick<Naps, "has">;
  readonly router: Pick<RouterPort, "list">;
  readonly warn: (message: string) => void;
  /** When the database was started, as Docker writes it; undefined: it does not run. */
  startOfDatabase(): Promise<string | undefined>;
}

/**
 * A database that was started again has ended its connections, and an app that naps would find that out with the first
 * request it is woken for: it sleeps instead, and begins afresh.
 */
export class StaleNaps {
  readonly #args: StaleArgs;
  /** When the database was started, as Docker writes it. */
  #started: string | undefined;

  constructor(args: StaleArgs) {
    this.#args = args;
  }

  /** To be called now and then. */
  async tick(): Promise<void> {
    const { sleep, naps, router, warn } = this.#args;
    const started = await this.#args.startOfDatabase();
    const known = this.#started;
    this.#started = started ?? known;
    if (started === undefined || known === undefined || started === known) return;
    for (const { app, mode } of await router.list()) {
      if (mode !== "napping" || !naps.has(app)) continue;
      await sleep.sleep(app).catch((error) => warn(`${app} did not fall asleep: ${messageOf(error)}`));
    }
  }
}
