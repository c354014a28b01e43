import { mkdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { basename, dirname, extname, join } from "node:path";
import { traceOf } from "../../../lib/errors.ts";
import { writeFileAtomic } from "../../../lib/files.ts";
import { type Sender, senderOf } from "../../../lib/sender.ts";
import { Repository } from "../../../sources/git/repository.ts";
import type { Caller } from "../accounts/caller.ts";
import type { PushTarget } from "../deploys/deploy-commit.ts";
import { runBackend } from "./backend.ts";
import { type PushSocket, servePushes } from "./push-socket.ts";
import type { Pushes } from "./pushes.ts";
import { HOOK_SECRET, HOOK_SOCKET } from "./verdict.ts";

export interface GitServerOptions {
  readonly pushes: Pushes;
  /** Where the hook of a push calls, a Unix socket, and the folder that holds the hook. */
  readonly socket: string;
  readonly hooks: string;
  /** Who asks, by the header and where it comes from; undefined: nobody we know. */
  who(authorization: string | undefined, sender: Sender): Promise<Caller | undefined>;
  /** The app of this name, if there is one for this caller. */
  find(name: string, caller: Caller): Promise<PushTarget | undefined>;
  /** Writes down that somebody sent a push to an app. */
  audit(caller: Caller, from: string, app: string): void;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** Paths that are Git's, and of them those of its smart protocol. */
const OURS = /^\/[^/?]+\.git(\/|\?|$)/;
const SMART = /^\/([a-z][a-z0-9-]{0,62})\.git(\/info\/refs|\/git-receive-pack|\/git-upload-pack)(?:\?([^#]*))?$/;
const SERVICES = /^service=git-(receive|upload)-pack$/;

/** How many requests are served at a time; each takes a process or two. */
const AT_ONCE = 16;

/** Runs the hook on our own Node: data goes by the environment. */
const HOOK = `#!/bin/sh
exec "$DYNOFORM_PUSH_NODE" "$DYNOFORM_PUSH_HOOK"
`;

/** Git's smart HTTP for the apps' repositories: `https://…/<app>.git`. */
export class GitServer implements AsyncDisposable {
  readonly #options: GitServerOptions;
  readonly #socket: PushSocket;
  #serving = 0;

  private constructor(options: GitServerOptions, socket: PushSocket) {
    this.#options = options;
    this.#socket = socket;
  }

  static async open(options: GitServerOptions): Promise<GitServer> {
    await mkdir(options.hooks, { recursive: true, mode: 0o700 });
    await writeFileAtomic(join(options.hooks, "proc-receive"), HOOK, { mode: 0o700 });
    return new GitServer(options, await servePushes(options.socket, options.report));
  }

  /** Serves a request if it is one of Git's. */
  readonly serve = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!OURS.test(request.url ?? "")) return false;
    this.#serve(request, response).catch((error: unknown) => {
      this.#options.report(`git: ${traceOf(error)}`);
      if (response.headersSent) response.destroy();
      else say(request, response, 500, "Something is wrong with this server.");
    });
    return true;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket[Symbol.asyncDispose]();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sender = senderOf(request);
    const caller = await this.#options.who(request.headers.authorization, sender);
    if (caller === undefined) {
      response.setHeader("WWW-Authenticate", 'Basic realm="Dynoform"');
      say(request, response, 401, "Give your API token as the password; any user name does.");
      return;
    }
    const [, name, service, query = ""] = SMART.exec(request.url ?? "") ?? [];
    const asks = service === "/info/refs" ? SERVICES.test(query) : query === "";
    if (name === undefined || service === undefined || !asks) {
      say(request, response, 404, "There is nothing here. Use a Git that speaks smart HTTP.");
      return;
    }
    if (request.method !== (service === "/info/refs" ? "GET" : "POST")) {
      say(request, response, 405, `${request.method} is not allowed here.`);
      return;
    }
    const app = await this.#options.find(name, caller);
    if (app === undefined) {
      say(request, response, 404, `There is no app ${name}.`);
      return;
    }
    if (this.#serving >= AT_ONCE) {
      say(request, response, 503, "Too many clients at once. Try again in a moment.");
      return;
    }
    if (service === "/git-receive-pack") this.#options.audit(caller, sender.address, name);
    this.#serving++;
    try {
      await this.#run(request, response, { app, user: caller.email, service, query });
    } finally {
      this.#serving--;
    }
  }

  async #run(
    request: IncomingMessage,
    response: ServerResponse,
    { app, user, service, query }: { app: PushTarget; user: string; service: string; query: string },
  ): Promise<void> {
    const { pushes, hooks, report } = this.#options;
    await new Repository(app.repository).ensure();
    using push = this.#socket.admit((updates, tell) => pushes.receive(app, user, updates, tell));
    await runBackend(request, response, {
      root: dirname(app.repository),
      repository: basename(app.repository),
      service,
      query,
      user,
      hooks,
      env: {
        [HOOK_SOCKET]: this.#socket.path,
        [HOOK_SECRET]: push.secret,
        DYNOFORM_PUSH_NODE: process.execPath,
        DYNOFORM_PUSH_HOOK: join(import.meta.dirname, `hook${extname(import.meta.filename)}`),
      },
      report,
    });
  }
}

/** Git shows the text of an answer that is an error. */
function say(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  // What is left of the body would be taken for the next request.
  if (!request.complete) response.setHeader("Connection", "close");
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" });
  response.end(`${text}\n`);
  request.resume();
}
