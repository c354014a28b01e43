import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { json } from "node:stream/consumers";
import { getCACertificates } from "node:tls";
import { UserError } from "../../lib/errors.ts";
import { isRecord } from "../../lib/validation/readers.ts";

/** Milliseconds without a sign of life from the platform. */
const SILENCE_MS = 60_000;

/** How the codes begin by which Node says that a certificate is not to be trusted, or not for this name. */
const UNTRUSTED = ["CERT_", "ERR_TLS_CERT", "DEPTH_ZERO", "SELF_SIGNED", "UNABLE_TO_"];

/** The API of a platform that is reached over HTTPS, from wherever. */
export class FarApi {
  readonly origin: URL;
  readonly #authority: string | undefined;
  /** Read once: each connection through the local port asks. */
  readonly #trusted: string | string[];

  /** @param authority the one that alone is trusted, PEM; undefined: those that this machine trusts */
  constructor(origin: URL, authority: string | undefined) {
    this.origin = origin;
    this.#authority = authority;
    this.#trusted = authority ?? [...getCACertificates("default"), ...getCACertificates("system")];
  }

  /** @throws UserError with what the platform says */
  async ask(
    method: string,
    path: string,
    token?: string,
    sent?: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const text = sent === undefined ? "" : JSON.stringify(sent);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(this.#options(method, path, token), resolve);
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${SILENCE_MS / 1000} seconds`)));
      outgoing.on("error", (error) => reject(this.#explain(error))).end(text);
    });
    const body: unknown = await json(response).catch(() => undefined);
    const answer = isRecord(body) ? body : {};
    const status = response.statusCode ?? 500;
    if (status < 300) return answer;
    const said = typeof answer.message === "string" ? answer.message : `it answered ${status}`;
    throw new FarRefusal(`${this.origin.host}: ${said}`, status);
  }

  /** Opens a connection that leads to the API's port on the platform's machine. */
  tunnel(token: string): Promise<{ readonly socket: IncomingMessage["socket"]; readonly head: Buffer }> {
    return new Promise((resolve, reject) => {
      const { headers, ...options } = this.#options("GET", "/connect", token);
      const outgoing = request({
        ...options,
        headers: { ...headers, connection: "Upgrade", upgrade: "dynoform-tunnel" },
      });
      outgoing.on("upgrade", (_response, socket, head) => {
        socket.setTimeout(0);
        resolve({ socket, head });
      });
      outgoing.on("response", (response) => {
        response.resume();
        const status = response.statusCode ?? 500;
        reject(new FarRefusal(`${this.origin.host} opens no connection: it answered ${status}`, status));
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${SILENCE_MS / 1000} seconds`)));
      outgoing.on("error", (error) => reject(this.#explain(error))).end();
    });
  }

  #options(method: string, path: string, token: string | undefined) {
    const { hostname, port } = this.origin;
    return {
      host: hostname,
      port: port === "" ? 443 : Number(port),
      servername: hostname,
      path,
      method,
      agent: false,
      timeout: SILENCE_MS,
      ca: this.#trusted,
      headers: {
        accept: "application/vnd.heroku+json; version=3",
        "content-type": "application/json",
        host: this.origin.host,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    } as const;
  }

  #explain(error: Error & { readonly code?: string }): UserError {
    const { host } = this.origin;
    const { code = "" } = error;
    if (!UNTRUSTED.some((begin) => code.startsWith(begin)))
      return new UserError(`${host} cannot be reached: ${error.message}`);
    const mend =
      this.#authority === undefined
        ? "If the platform signs its own, give its authority's certificate: --ca FILE"
        : "It is another one than before; if that is right, give the new authority's certificate: --ca FILE";
    return new UserError(`the certificate of ${host} is not trusted (${error.message}). ${mend}`);
  }
}

/** What the platform would not do. */
export class FarRefusal extends UserError {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}
