import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { traceOf, UserError } from "../../../lib/errors.ts";
import type { Token } from "../accounts/token.ts";
import type { Clock } from "../types.ts";
import { LIMITS } from "./limits.ts";

/** Milliseconds for which a place can be used. */
const LIFETIME_MS = 3_600_000;

/** Bytes of all archives that lie here. */
const ALL_ARCHIVES_BYTES = 4 * LIMITS.packed;

const PATH = /^\/sources\/(put|get)\/([\w-]{1,200})\/([\w-]{1,100})$/;

/** What a URL says, besides its signature. */
interface Place {
  /** Of the file. */
  readonly id: string;
  /** The app's id; empty: it was not there yet. */
  readonly app: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** A place for one source archive. */
export interface SourceBlob {
  readonly get_url: string;
  readonly put_url: string;
}

interface SourcesOptions {
  /** Where the archives lie. */
  readonly folder: string;
  readonly token: Pick<Token, "sign" | "verify">;
  readonly clock: Clock;
  /** Bytes of an archive. @default LIMITS.packed */
  readonly limit?: number;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** Takes source archives, each by a URL that is good for one app, one upload and an hour. Nothing is fetched from elsewhere. */
export class Sources {
  readonly #options: SourcesOptions;

  constructor(options: SourcesOptions) {
    this.#options = options;
  }

  /** @param origin where the client reaches us */
  async create(app: string, origin: string): Promise<SourceBlob> {
    const { clock } = this.#options;
    await this.#makeRoom();
    const place: Place = { id: randomBytes(12).toString("hex"), app, until: clock() + LIFETIME_MS };
    const text = Buffer.from(JSON.stringify(place)).toString("base64url");
    const url = async (way: "put" | "get") =>
      `${origin}/sources/${way}/${text}/${await this.#options.token.sign(`source-${way}`, text)}`;
    return { put_url: await url("put"), get_url: await url("get") };
  }

  /**
   * The archive at a `get_url`.
   *
   * @throws UserError for any other address, and when nothing was sent there
   */
  async find(app: string, url: string): Promise<string> {
    const path = URL.canParse(url) ? new URL(url).pathname : "";
    const place = await this.#place(path, "get");
    // A place for an app that was to come is good for whichever its owner makes.
    if (place === undefined || (place.app !== app && place.app !== "")) {
      throw new UserError(
        "source_blob.url must be the get_url of one of this app's sources, not older than an hour; nothing is fetched from elsewhere.",
      );
    }
    const file = this.#file(place);
    if ((await sizeOf(file)) === undefined) throw new UserError("Nothing was sent to the put_url of this source yet.");
    return file;
  }

  /** Serves a request if it is for one of our URLs. */
  readonly serve = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!request.url?.startsWith("/sources/")) return false;
    this.#serve(request, response).catch((error: unknown) => {
      // It went away.
      if (!request.complete && request.destroyed) return;
      this.#options.report(`sources: ${traceOf(error)}`);
      response.destroy();
    });
    return true;
  };

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const way = request.method === "PUT" ? "put" : "get";
    const place = await this.#place(request.url ?? "", way);
    if (place === undefined) return say(request, response, 403, "This URL is not good, or no more.");
    if (request.method === "PUT") await this.#take(request, response, this.#file(place));
    else if (request.method === "GET") await this.#give(request, response, this.#file(place));
    else say(request, response, 405, `${request.method} is not allowed here.`);
  }

  async #take(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
    const { limit = LIMITS.packed } = this.#options;
    const tooLarge = () => say(request, response, 413, `A source archive may have ${limit} bytes at most.`);
    if (Number(request.headers["content-length"] ?? 0) > limit) return tooLarge();
    if ((await sizeOf(file)) !== undefined) return say(request, response, 409, "Something was sent here already.");
    const part = `${file}.part`;
    let count = 0;
    const counter = new Transform({
      transform(data: Buffer, _encoding, done) {
        count += data.length;
        done(count > limit ? new Error("too large") : undefined, data);
      },
    });
    try {
      await pipeline(request, counter, createWriteStream(part, { flags: "wx", mode: 0o600 }), { end: true });
    } catch (error) {
      if ((error as { code?: string }).code === "EEXIST")
        return say(request, response, 409, "Something is being sent here.");
      await rm(part, { force: true });
      if (count > limit) return tooLarge();
      throw error;
    }
    await rename(part, file);
    say(request, response, 200, "");
  }

  async #give(request: IncomingMessage, response: ServerResponse, file: string): Promise<void> {
    const size = await sizeOf(file);
    if (size === undefined) return say(request, response, 404, "Nothing was sent here yet.");
    response.writeHead(200, {
      "Content-Type": "application/gzip",
      "Content-Length": size,
      "Cache-Control": "no-store",
    });
    await pipeline(createReadStream(file), response);
  }

  async #place(path: string, way: "put" | "get"): Promise<Place | undefined> {
    const [, which, text = "", signature = ""] = PATH.exec(path) ?? [];
    if (which !== way || !(await this.#options.token.verify(`source-${way}`, text, signature))) return undefined;
    const place: Place = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    return place.until > this.#options.clock() ? place : undefined;
  }

  #file({ id }: Place): string {
    return join(this.#options.folder, id);
  }

  /** Removes what can be used no more. */
  async #makeRoom(): Promise<void> {
    const { folder, clock } = this.#options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    let all = 0;
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      const { mtimeMs = 0, size = 0 } = (await stat(file).catch(() => undefined)) ?? {};
      if (clock() - mtimeMs > 2 * LIFETIME_MS) await rm(file, { force: true });
      else all += size;
    }
    if (all > ALL_ARCHIVES_BYTES)
      throw new UserError("Too many source archives wait to be built. Try again in an hour.");
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}

function say(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  // What is left of the body would be taken for the next request.
  if (!request.complete) response.setHeader("Connection", "close");
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  response.end(text === "" ? "" : `${text}\n`);
  request.resume();
}
