import { request } from "node:https";
import { messageOf } from "../../../lib/errors.ts";
import type { Clock } from "../types.ts";

const TIMEOUT_MS = 10_000;
const KEPT_MS = 3_600_000;
/** For which one that is away is not asked again. */
const AWAY_MS = 15_000;
/** Characters of a directory. */
const LONGEST = 65_536;

/** What an authority says of itself. */
export interface Directory {
  /** The names by which CAA records allow it; none: it says nothing. */
  readonly identities: readonly string[];
}

/** Nobody answers there, or nobody who is an authority. */
export class AuthorityAway extends Error {}

/** An authority's directory, asked for once an hour. */
export class Authority {
  readonly #options: { readonly server: string; readonly authority?: string | undefined; readonly clock: Clock };
  #known: { readonly answer: Promise<Directory>; readonly until: number } | undefined;

  constructor(options: { readonly server: string; readonly authority?: string | undefined; readonly clock: Clock }) {
    this.#options = options;
  }

  /** @throws AuthorityAway */
  async directory(): Promise<Directory> {
    const { clock, server } = this.#options;
    if (this.#known !== undefined && clock() < this.#known.until) return this.#known.answer;
    const answer = this.#ask().catch((error: unknown) => {
      this.#known = { answer, until: clock() + AWAY_MS };
      throw new AuthorityAway(`the authority at ${server} does not answer: ${messageOf(error)}`);
    });
    this.#known = { answer, until: clock() + KEPT_MS };
    return answer;
  }

  /** It did not answer somebody else: it is asked anew soon. */
  doubt(): void {
    const { clock } = this.#options;
    if (this.#known !== undefined)
      this.#known = { ...this.#known, until: Math.min(this.#known.until, clock() + AWAY_MS) };
  }

  #ask(): Promise<Directory> {
    const { server, authority } = this.#options;
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const call = request(server, { ca: authority, signal, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          if (text.length > LONGEST) response.destroy(new Error("its answer has no end"));
        });
        response.on("error", reject).on("end", () => {
          try {
            if (response.statusCode !== 200) throw new Error(`it answers ${response.statusCode}`);
            const { newOrder, meta = {} } = JSON.parse(text);
            if (typeof newOrder !== "string") throw new Error("it is no ACME directory");
            resolve({ identities: Array.isArray(meta.caaIdentities) ? meta.caaIdentities.map(String) : [] });
          } catch (error) {
            reject(error);
          }
        });
      });
      call.on("error", (error) => reject(signal.aborted ? new Error("it takes too long") : error)).end();
    });
  }
}
