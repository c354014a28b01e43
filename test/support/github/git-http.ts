import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gitEnvironment } from "../../../sources/git/git.ts";
import { sees } from "./call.ts";
import { fullName, type State, type Token } from "./state.ts";

const PATH = /^\/([^/]+\/[^/]+?)(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/;

export function isGit(path: string): boolean {
  return PATH.test(path);
}

/**
 * Git over HTTP: fetches by `git http-backend`. A token is the password, whatever the user is called; a private
 * repository without one is asked for, as GitHub does, and one that the token may not see is not there.
 */
export async function serveGit(
  request: IncomingMessage,
  response: ServerResponse,
  { pathname, search }: URL,
  state: State,
  token: Token | undefined,
): Promise<void> {
  const [, name = "", service = ""] = PATH.exec(pathname) ?? [];
  const wanted = name.toLowerCase();
  const found = state.repositories.find((each) =>
    [fullName(each), ...each.formerNames].some((known) => known.toLowerCase() === wanted),
  );
  const refuse = (status: number, text: string) => {
    request.resume();
    const challenge = status === 401 ? { "www-authenticate": 'Basic realm="GitHub"' } : {};
    response.writeHead(status, { "content-type": "text/plain", ...challenge }).end(`${text}\n`);
  };
  if (found === undefined || !sees(token, found)) {
    return token === undefined ? refuse(401, "Authentication required") : refuse(404, "Repository not found.");
  }
  if (`${service}${search}`.includes("receive-pack")) return refuse(403, "This stand-in takes no pushes");
  const { method = "GET", headers } = request;
  const encoding = headers["content-encoding"];
  const child = spawn("git", ["-c", "uploadpack.allowAnySHA1InWant=true", "http-backend"], {
    env: {
      ...gitEnvironment(),
      GIT_PROJECT_ROOT: found.git.path,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: service,
      REQUEST_METHOD: method,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers["content-type"] ?? "",
      REMOTE_ADDR: "127.0.0.1",
      ...(encoding !== undefined && { HTTP_CONTENT_ENCODING: encoding }),
      ...(headers["git-protocol"] !== undefined && { GIT_PROTOCOL: String(headers["git-protocol"]) }),
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.on("error", () => response.destroy());
  child.stdin.on("error", () => request.resume());
  request.pipe(child.stdin);
  const parts: Buffer[] = [];
  for await (const chunk of child.stdout) parts.push(chunk as Buffer);
  const output = Buffer.concat(parts);
  const end = output.indexOf("\r\n\r\n");
  const lines = output.toString("latin1", 0, Math.max(end, 0)).split("\r\n");
  let status = 200;
  for (const line of lines) {
    const [key = "", value = ""] = line.split(/: *(.*)/s);
    if (key.toLowerCase() === "status") status = Number.parseInt(value, 10);
    else if (key !== "") response.setHeader(key, value);
  }
  response.writeHead(end < 0 ? 500 : status).end(output.subarray(end + 4));
}
