import { randomBytes } from "node:crypto";
import { chmod, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { traceOf } from "../../../lib/errors.ts";
import type { Say } from "../deploys/deploy-commit.ts";
import type { PushEvent, Update, Verdict } from "./verdict.ts";

/** Decides on what one push would change, and shows what goes on meanwhile. */
type Receive = (updates: readonly Update[], say: Say) => Promise<readonly Verdict[]>;

/** The Unix socket on which the hooks of pushes call. */
export interface PushSocket extends AsyncDisposable {
  readonly path: string;
  /** Lets the hook of one push call once, with this secret. */
  admit(receive: Receive): { readonly secret: string } & Disposable;
}

/**
 * @param path in a folder that only we reach
 * @param report gets what nobody foresaw
 */
export async function servePushes(path: string, report: (problem: string) => void): Promise<PushSocket> {
  const admitted = new Map<string, Receive>();
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    const secret = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    const receive = admitted.get(secret);
    admitted.delete(secret);
    if (receive === undefined || request.method !== "POST") {
      request.resume();
      response.writeHead(403).end();
      return;
    }
    serve(request, response, receive).catch((error: unknown) => {
      report(`a push: ${traceOf(error)}`);
      response.destroy();
    });
  });
  // That of a control plane that was killed.
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  await chmod(path, 0o600);
  return {
    path,
    admit(receive) {
      const secret = randomBytes(32).toString("base64url");
      admitted.set(secret, receive);
      return { secret, [Symbol.dispose]: () => void admitted.delete(secret) };
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, receive: Receive): Promise<void> {
  const updates: readonly Update[] = JSON.parse(await text(request));
  // Nobody may read on; then the push is finished all the same.
  response.on("error", () => {});
  const tell = (event: PushEvent) => void (response.destroyed || response.write(`${JSON.stringify(event)}\n`));
  response.writeHead(200, { "content-type": "application/x-ndjson" }).flushHeaders();
  const verdicts = await receive(updates, (say) => tell({ say }));
  tell({ verdicts });
  response.end();
}
