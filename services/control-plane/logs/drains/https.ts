import { randomBytes } from "node:crypto";
import * as http from "node:http";
import * as https from "node:https";
import { checkReach, lookupWithin } from "./reach.ts";
import type { Delivery, Transport, TransportOptions } from "./transport.ts";

/** Milliseconds for a whole request. */
const TIMEOUT_MS = 10_000;

/** Posts batches in Logplex's way to an HTTP server. */
export class HttpTransport implements Transport {
  readonly framing = "logplex";
  readonly #url: URL;
  readonly #token: string;
  readonly #options: TransportOptions;
  readonly #agent: http.Agent;

  constructor(url: URL, token: string, options: TransportOptions) {
    this.#url = url;
    this.#token = token;
    this.#options = options;
    const settings = { keepAlive: true, maxSockets: 1 };
    this.#agent = url.protocol === "https:" ? new https.Agent(settings) : new http.Agent(settings);
  }

  prepare(messages: readonly Buffer[]): Delivery {
    // The same in every try, so that the server can tell that it has it already.
    const frame = randomBytes(16).toString("hex").toUpperCase();
    const body = Buffer.concat(messages);
    return (signal) => this.#post(body, messages.length, frame, signal);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: Buffer, count: number, frame: string, stop: AbortSignal): Promise<void> {
    const { protocol, username, password } = this.#url;
    const target = new URL(this.#url);
    target.username = target.password = target.hash = "";
    const { ca, reach } = this.#options;
    const options: https.RequestOptions = {
      method: "POST",
      agent: this.#agent,
      ca,
      ...(reach && { lookup: lookupWithin(reach) }),
      signal: AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]),
      auth: username === "" ? undefined : `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
      headers: {
        "content-type": "application/logplex-1",
        "content-length": body.length,
        "logplex-msg-count": count,
        "logplex-frame-id": frame,
        "logplex-drain-token": this.#token,
        "user-agent": "Logplex/dynoform",
      },
    };
    return new Promise((resolve, reject) => {
      checkReach(reach, target.hostname);
      const outgoing = (protocol === "https:" ? https : http).request(target, options, (response) => {
        const { statusCode = 0 } = response;
        response.on("error", reject);
        response.on("end", () => {
          if (statusCode >= 200 && statusCode < 300) resolve();
          else reject(new Error(`the drain answered ${statusCode}`));
        });
        response.resume();
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }
}
