import { request } from "node:http";
import { request as requestSecurely } from "node:https";

export interface Request {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
  /** Milliseconds until an answer must have come. @default longer than the router holds a request, so that it says why */
  readonly timeout?: number;
  /** Asks over TLS, and trusts this authority's certificate, PEM. */
  readonly ca?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request to a name that need not resolve: it goes to this machine, on a connection of its own. */
export function get(target: Request & { host: string; port: number; path: string }): Promise<Answer> {
  const { host, port, path, method = "GET", headers = {}, body = "", timeout = 90_000, ca } = target;
  return new Promise((resolve, reject) => {
    const outgoing = (ca === undefined ? request : requestSecurely)(
      {
        host: "127.0.0.1",
        port,
        path,
        method,
        agent: false,
        ...(ca !== undefined && { ca, servername: host }),
        headers: { host: `${host}:${port}`, ...headers },
        // More than the router passes.
        maxHeaderSize: 256 * 1024,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      },
    );
    outgoing.setTimeout(timeout, () => outgoing.destroy(new Error(`no answer from ${host}${path} in ${timeout} ms`)));
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
