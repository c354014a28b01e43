import { text } from "node:stream/consumers";
import type { ApiClient } from "../../cli/api-client.ts";
import { apiOf } from "./dyno-manager.ts";
import type { TestPlatform } from "./platform.ts";

interface ShownRelease {
  readonly id: string;
  readonly version: number;
  readonly description: string;
  readonly current: boolean;
  readonly user: { readonly email: string };
}

/** An app as clients of the API see it. Each call fails with what the API says. */
export class AppApi {
  readonly #api: ApiClient;
  readonly #path: string;

  constructor(api: ApiClient, app: string) {
    this.#api = api;
    this.#path = `/apps/${app}`;
  }

  async config(): Promise<Record<string, string>> {
    return (await this.#api.ask("GET", `${this.#path}/config-vars`)).body;
  }

  /** Sets config vars. Gives all of them. */
  async set(variables: Readonly<Record<string, string | null>>): Promise<Record<string, string>> {
    return (await this.#api.ask("PATCH", `${this.#path}/config-vars`, variables)).body;
  }

  /** Scales process types, e.g. `{ web: 2, worker: "+1" }`. Gives their new numbers. */
  async scale(quantities: Readonly<Record<string, number | string>>): Promise<Record<string, number>> {
    const updates = Object.entries(quantities).map(([type, quantity]) => ({ type, quantity }));
    const { body } = await this.#api.ask("PATCH", `${this.#path}/formation`, { updates });
    return Object.fromEntries(body.map(({ type, quantity }: { type: string; quantity: number }) => [type, quantity]));
  }

  /** Asks for a restart of all dynos, or of one; it goes on after the answer. */
  async restart(dyno?: string): Promise<void> {
    await this.#api.ask("DELETE", `${this.#path}/dynos${dyno === undefined ? "" : `/${dyno}`}`);
  }

  /** The last lines of the log, each with its end. */
  async logs(filter: { readonly dyno?: string; readonly source?: string } = {}): Promise<string> {
    const { body } = await this.#api.ask("POST", `${this.#path}/log-sessions`, { lines: 1500, ...filter });
    const events = await text(await this.#api.open(body.logplex_url, { accept: "text/event-stream" }));
    return [...events.matchAll(/^data: (.*)$/gm)].map(([, line]) => `${line}\n`).join("");
  }

  /** The newest first. */
  async releases(): Promise<ShownRelease[]> {
    const range = "version ..; order=desc";
    return (await this.#api.ask("GET", `${this.#path}/releases`, undefined, { range })).body;
  }

  /** Goes back to a release. Gives the number of the new one. */
  async rollback(version: number): Promise<number> {
    const { id } = (await this.#api.ask("GET", `${this.#path}/releases/${version}`)).body;
    return (await this.#api.ask("POST", `${this.#path}/releases`, { release: id })).body.version;
  }
}

export async function appApi(platform: TestPlatform, app: string): Promise<AppApi> {
  return new AppApi(await apiOf(platform), app);
}
