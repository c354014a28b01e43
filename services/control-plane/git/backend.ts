import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { gitEnvironment } from "../../../sources/git/git.ts";

/** Bytes that a push may have. */
const PUSH_LIMIT = 4 * 2 ** 30;

/** Bytes of the header that the backend writes. */
const HEADER_LIMIT = 65_536;

/** Milliseconds without a byte in either direction; while a push is deployed, Git itself sends some every 5 seconds. */
const SILENCE_MS = 600_000;

/**
 * What Git may do here, whatever stands in the repository's own settings. Every ref goes by our hook, which is the only
 * one. The memory is the control plane's, so large files go through, and packs stay packs.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  "http.receivepack": "true",
  "http.uploadpack": "true",
  "transfer.hideRefs": "refs/releases",
  "receive.procReceiveRefs": "refs",
  "receive.denyNonFastForwards": "false",
  "receive.denyDeletes": "false",
  "receive.autogc": "false",
  "receive.unpackLimit": "1",
  "receive.maxInputSize": String(PUSH_LIMIT),
  "receive.keepAlive": "5",
  "receive.advertisePushOptions": "false",
  "uploadpack.allowAnySHA1InWant": "false",
  "core.bigFileThreshold": "8m",
  "core.deltaBaseCacheLimit": "16m",
  "pack.windowMemory": "32m",
  "pack.threads": "1",
  "gc.auto": "0",
};

/** More of what is ours alone; a setting may be given several times. */
const HIDDEN = ["refs/snapshots", "refs/pushes", "refs/github"];

interface BackendCall {
  /** The folder of the repositories, and the one of this request in it: `shop.git`. */
  readonly root: string;
  readonly repository: string;
  /** E.g. `/info/refs`. */
  readonly service: string;
  /** Decoded of nothing: as the client sent it. */
  readonly query: string;
  readonly user: string;
  /** The folder with our hook. */
  readonly hooks: string;
  readonly env: Readonly<Record<string, string>>;
  /** Gets what Git writes about itself. */
  report(problem: string): void;
}

/**
 * Serves one request of Git's smart HTTP by `git http-backend`, byte by byte. A client that goes away does not stop it:
 * what has arrived whole is deployed.
 *
 * @returns when Git has ended
 */
export async function runBackend(request: IncomingMessage, response: ServerResponse, call: BackendCall): Promise<void> {
  // Nothing would tell of it later, and Git would wait for the rest for ever.
  if (response.destroyed) return;
  const settings = [
    ...Object.entries({ ...SETTINGS, "core.hooksPath": call.hooks }),
    ...HIDDEN.map((ref) => ["transfer.hideRefs", ref] as const),
  ];
  const child = spawn("git", [...settings.flatMap(([name, value]) => ["-c", `${name}=${value}`]), "http-backend"], {
    env: { ...gitEnvironment(), ...call.env, ...cgi(request, call) },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-2000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  // Git may end before it has read all.
  child.stdin.on("error", () => request.resume());
  request.on("error", () => {});
  request.pipe(child.stdin);
  response.setTimeout(SILENCE_MS, () => request.socket.destroy());
  response.on("error", () => {});
  response.on("close", () => {
    // What has not arrived whole is nothing.
    if (!request.complete) child.kill();
    child.stdin.end();
    child.stdout.resume();
  });
  const [code] = await Promise.all([ended, forward(child.stdout, response)]);
  if (code !== 0 && said !== "") call.report(`git ${call.service} of ${call.repository}: ${said.trim()}`);
}

/** What a CGI program is told of a request. */
function cgi({ method = "GET", headers }: IncomingMessage, call: BackendCall): Record<string, string> {
  const protocol = headers["git-protocol"]?.toString() ?? "";
  const encoding = headers["content-encoding"] ?? "";
  return {
    GIT_PROJECT_ROOT: call.root,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: `/${call.repository}${call.service}`,
    REQUEST_METHOD: method,
    QUERY_STRING: call.query,
    CONTENT_TYPE: headers["content-type"] ?? "",
    REMOTE_USER: call.user,
    REMOTE_ADDR: "127.0.0.1",
    ...(/^(x-)?gzip$/.test(encoding) && { HTTP_CONTENT_ENCODING: encoding }),
    // No CONTENT_LENGTH: Git reads to the end, and would go on for ever after a body that breaks off.
    ...(/^[\w=:.-]{1,200}$/.test(protocol) && { GIT_PROTOCOL: protocol }),
  };
}

/** The header that a CGI program writes becomes the response's; what follows is passed on as it comes. */
async function forward(output: Readable, response: ServerResponse): Promise<void> {
  let header = Buffer.alloc(0);
  for await (const chunk of output as AsyncIterable<Buffer>) {
    if (response.headersSent) {
      if (response.destroyed || response.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        response.once("drain", resolve).once("close", resolve);
      });
      continue;
    }
    header = Buffer.concat([header, chunk]);
    const end = header.indexOf("\r\n\r\n");
    if (end < 0 && header.length < HEADER_LIMIT) continue;
    if (end < 0) break;
    writeHead(response, header.toString("latin1", 0, end));
    response.write(header.subarray(end + 4));
  }
  if (!response.headersSent) response.writeHead(500, { "content-type": "text/plain" });
  response.end();
}

function writeHead(response: ServerResponse, header: string): void {
  let status = 200;
  for (const line of header.split("\r\n")) {
    const [name = "", value = ""] = line.split(/: *(.*)/s);
    if (name.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else if (name !== "") response.setHeader(name, value);
  }
  response.writeHead(status);
}
