import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf, UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";

import type { Aside } from "../types.ts";
import type { CiPreviews } from "./previews.ts";
import { TokenRefused, type Tokens, type Workflow } from "./tokens.ts";
import type { Purpose } from "./trust.ts";
import type { CiUps } from "./ups.ts";

/** Bytes of a stack file that is sent, as JSON. */
const LARGEST = 512 * 1024;

/** Milliseconds that it may take to arrive. */
const LONGEST_MS = 30_000;

/** Runs of Pulumi at a time; each takes some 250 MiB of the runner's memory. */
const AT_ONCE = 2;

/** Requests that wait for one, or are read. */
const WAITING = 32;

/** Milliseconds between two spaces in an answer that takes long, so that nobody in between gives it up. */
const BEAT_MS = 10_000;

const STACK = /^[A-Za-z0-9][\w.-]{0,99}$/;

interface ReceiveOptions {
  readonly tokens: Pick<Tokens, "take">;
  readonly previews: Pick<CiPreviews, "preview">;
  readonly ups: Pick<CiUps, "up">;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** What workflows may ask for, by where: what they have to be trusted with, and what is answered. */
type Work = (sent: { stack: string; before: string; file: string }, by: Workflow) => Promise<object>;

/**
 * `POST /ci/previews` with `{ stack, file }` and `POST /ci/ups` with `{ stack, before, file }`, each with a workflow's token: 200, and one
 * JSON document in the end, `{ preview }`, `{ up }` or `{ message }`.
 */
export function receiveWorkflows(options: ReceiveOptions): Aside {
  const { tokens, previews, ups, report } = options;
  const turns = new Turns();
  const places = new Map<string, readonly [Purpose, Work]>([
    [
      "/ci/previews",
      ["preview", async ({ stack, file }, by) => ({ preview: await previews.preview(stack, file, by) })],
    ],
    [
      "/ci/ups",
      ["up", async ({ stack, before, file }, by) => ({ up: await ups.up(stack, { before, after: file }, by) })],
    ],
  ]);
  return (request, response) => {
    const place = places.get(request.url ?? "");
    if (place === undefined) return false;
    const [purpose, work] = place;
    receive(request, response, (token) => tokens.take(token, purpose), work, turns).catch((error: unknown) => {
      const refused = error instanceof TokenRefused;
      if (!refused) report(`for a workflow: ${messageOf(error)}`);
      if (response.headersSent) response.end(JSON.stringify({ message: "It could not be done." }));
      else if (refused) answer(request, response, error.status, error.message);
      else answer(request, response, 503, "It could not be done. Try again.");
    });
    return true;
  };
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  take: (token: string) => Promise<Workflow>,
  work: Work,
  turns: Turns,
): Promise<void> {
  const refuse = (status: number, text: string) => answer(request, response, status, text);
  if (request.method !== "POST") return refuse(405, "Workflows ask by POST.");
  if (turns.all >= WAITING) return refuse(503, "Too many workflows at once. Try again.");
  const [, token] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "") ?? [];
  if (token === undefined) return refuse(401, "A workflow's OIDC token is needed: Authorization: Bearer.");
  using _counted = turns.count();
  const late = setTimeout(() => request.destroy(), LONGEST_MS);
  const body = await read(request).finally(() => clearTimeout(late));
  if (body === undefined) return refuse(413, "The stack file is too large.");
  const { stack, file, before = "" } = body;
  if (typeof stack !== "string" || !STACK.test(stack) || typeof file !== "string" || typeof before !== "string") {
    return refuse(400, "Send a stack's name and its file: { stack, file }.");
  }
  const workflow = await take(token);
  response.writeHead(200, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  const beat = setInterval(() => response.write(" "), BEAT_MS);
  try {
    await turns.take();
    try {
      response.end(JSON.stringify(await work({ stack, before, file }, workflow)));
    } finally {
      turns.leave();
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    response.end(JSON.stringify({ message: messageOf(error) }));
  } finally {
    clearInterval(beat);
  }
}

/** Undefined: it is too large. What is no JSON is an empty map. */
async function read(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > LARGEST) return undefined;
    chunks.push(chunk as Buffer);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    return isRecord(body) ? body : {};
  } catch {
    return {};
  }
}

class Turns {
  all = 0;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  count(): Disposable {
    this.all++;
    return { [Symbol.dispose]: () => void this.all-- };
  }

  async take(): Promise<void> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  if (response.destroyed) return;
  const last = request.complete ? {} : { Connection: "close" };
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store", ...last });
  response.end(`${JSON.stringify({ message })}\n`);
  if (!request.complete) request.resume();
}
