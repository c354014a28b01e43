import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { isIP } from "node:net";

/** What is found at an address that a name has. */
export type Found =
  /** Our own file. */
  | { readonly kind: "own" }
  /** Somebody else's answer. */
  | { readonly kind: "other"; readonly status: number }
  /** No connection. */
  | { readonly kind: "nobody"; readonly code: string };

export interface ProbeOptions {
  readonly host: string;
  readonly address: string;
  readonly path: string;
  /** What our own file says. */
  readonly content: string;
  /** @default 80 */
  readonly port?: number;
  /** Whether an address that a redirection leads to may be asked, and which one that is. */
  resolve(host: string): Promise<string | undefined>;
}

const TIMEOUT_MS = 5000;
/** As authorities do. */
const REDIRECTIONS = 5;
/** Characters of an answer that are looked at. */
const LOOKED_AT = 1024;

/** Asks for a file as an authority will: by HTTP at an address of the name, and on where that leads to. */
export async function probe({ host, address, path, content, port = 80, resolve }: ProbeOptions): Promise<Found> {
  let [url, at] = [new URL(`http://${host}${port === 80 ? "" : `:${port}`}${path}`), address];
  for (let step = 0; step <= REDIRECTIONS; step++) {
    const answer = await ask(url, at).catch((error: NodeJS.ErrnoException) => ({ code: error.code ?? "ETIMEDOUT" }));
    if ("code" in answer) return { kind: "nobody", code: answer.code };
    if (answer.text.trim() === content) return { kind: "own" };
    const next = answer.location === undefined ? undefined : parse(answer.location, url, port);
    const where = next === undefined ? undefined : next.hostname === url.hostname ? at : await resolve(next.hostname);
    if (next === undefined || where === undefined) return { kind: "other", status: answer.status };
    [url, at] = [next, where];
  }
  return { kind: "other", status: 310 };
}

/** Nobody has us ask at other ports than those of the web. */
function parse(location: string, from: URL, port: number): URL | undefined {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return undefined;
  return url.port === "" || url.port === String(port) ? url : undefined;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
}

function ask(url: URL, address: string): Promise<Answer> {
  const send = url.protocol === "https:" ? secure : plain;
  const family = isIP(address);
  return new Promise((resolve, reject) => {
    const call = send(
      url,
      {
        agent: false,
        family,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: { "user-agent": "Dynoform's own check" },
        // Whose certificate it is says nothing: it is about to be made.
        rejectUnauthorized: false,
        lookup: (_host, options, done) =>
          options.all === true ? done(null, [{ address, family }]) : done(null, address, family),
      },
      (response) => {
        let text = "";
        const end = () =>
          resolve({
            status: response.statusCode ?? 0,
            text,
            location: redirection(response.statusCode, response.headers),
          });
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece;
          if (text.length > LOOKED_AT) response.destroy();
        });
        response.on("end", end).on("close", end).on("error", end);
      },
    );
    call.on("error", reject).end();
  });
}

function redirection(status: number | undefined, { location }: { readonly location?: string | undefined }) {
  return status !== undefined && status >= 300 && status < 400 ? location : undefined;
}
