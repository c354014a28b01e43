import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installPackages } from "../../../../cli/setup/apt.ts";
import { herokuUser, repository } from "../../../support/heroku/user.ts";
import { addLonelyNamespace, removeNamespace, sentBytes } from "../../../support/network-namespace.ts";
import { until } from "../../../support/until.ts";
import type { Part } from "./scene.ts";

const RELAY = fileURLToPath(new URL("../../../support/relay.ts", import.meta.url));

/** An address that is nobody's (RFC 5737). */
const ELSEWHERE = "http://203.0.113.9";

/**
 * On another computer, from which nothing leads anywhere but a tunnel to the platform: what the command would ask of hosts
 * of Heroku's ends with a clear word, and not a byte is sent elsewhere. What else runs in the shell goes its own way.
 */
export const alone: Part = async (t, { platform, ann }) => {
  const token = (await ann.heroku("authorizations:create", "--description", "alone", "--short")).output.trim();
  await using stack = new AsyncDisposableStack();
  const namespace = `${platform.name}-alone`;
  stack.defer(() => removeNamespace(namespace));
  await addLonelyNamespace(namespace);
  const inside = (argv: readonly string[]) => ["ip", "netns", "exec", namespace, ...argv];

  /** How often the platform was called. */
  let calls = 0;
  const socket = join(platform.directory, "alone.sock");
  const out = createServer((client) => {
    calls++;
    const behind = connect(platform.ports.api, "127.0.0.1");
    client.on("error", () => behind.destroy()).on("close", () => behind.destroy());
    behind.on("error", () => client.destroy()).on("close", () => client.destroy());
    client.pipe(behind).pipe(client);
  });
  await once(out.listen(socket), "listening");
  stack.defer(() => void out.close());
  const [command = "", ...args] = inside([process.execPath, RELAY, String(platform.ports.api), socket]);
  const relay = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  stack.defer(() => void relay.kill());
  await once(relay.stdout, "data");

  const carl = await herokuUser(platform, "carl", platform.ports.api, ["--remote"]);
  const env = { ...carl.env, HEROKU_API_KEY: token };
  const shop = await repository(carl, "shop", { "README.md": "A shop.\n" });
  const heroku = (...words: string[]) => shop.run(...inside(["env", `HEROKU_API_KEY=${token}`, "heroku", ...words]));

  await t.test("alone: commands that ask other hosts end with a clear word, and send nothing elsewhere", async () => {
    const app = ["--app", "flask-example"];
    const commands = [
      [["apps:favorites:add", ...app], 0, /Adding (?:⬢ )?flask-example to favorites\.\.\. done/],
      [["apps:favorites"], 0, /^=== Favorited Apps\n\n(?:⬢ )?flask-example$/m],
      [["notifications"], 0, /^No unread notifications\.$/m],
      [["pipelines:connect", "pipe", "--repo", "ann/shop"], 1, /Account not connected to GitHub\./],
      [["ci:run", ...app], 2, /Couldn't find that pipeline coupling\./],
      [["reviewapps:enable", "--pipeline", "pipe"], 2, /Couldn't find that pipeline\./],
      [["apps:errors", ...app], 2, /Metrics and autoscaling are not part of this platform yet\./],
    ] as const;
    for (const [words, exitCode, said] of commands) {
      const done = await heroku(...words);
      assert.match(`${done.output}${done.errors}`, said, words.join(" "));
      assert.equal(done.exitCode, exitCode, `${words.join(" ")}: ${done.errors}`);
      assert.equal(await sentBytes(namespace), 0, words.join(" "));
    }
    assert.ok(calls >= commands.length, "each of them asked the platform");
  });

  await t.test("alone: curl, git, pip and what `heroku local` starts know of no proxy", async () => {
    if (!existsSync("/usr/bin/curl")) await installPackages(["curl"], () => {});
    if ((await shop.run("python3", "-m", "pip", "--version")).exitCode !== 0) {
      await installPackages(["python3-pip"], () => {});
    }
    const before = calls;
    for (const argv of [
      ["curl", "--silent", `${ELSEWHERE}/`],
      ["git", "ls-remote", `${ELSEWHERE}/shop.git`],
      ["python3", "-m", "pip", "download", "--no-cache-dir", "--index-url", `${ELSEWHERE}/`, "nothing"],
      ["heroku", "local:run", "--", "curl", "--silent", `${ELSEWHERE}/`],
    ]) {
      const already = await sentBytes(namespace);
      const [command = "", ...args] = inside(argv);
      const start = () => spawn(command, args, { cwd: shop.work, env, stdio: "ignore", detached: true });
      let child = start();
      // The command line loads for long where other tests take the processors.
      await until(
        `${argv.join(" ")} goes its own way`,
        async () => {
          if ((await sentBytes(namespace)) > already) return true;
          // It gave up before anything was sent.
          if (child.exitCode !== null || child.signalCode !== null) child = start();
          return false;
        },
        180,
      );
      const ended = child.exitCode === null && child.signalCode === null ? once(child, "close") : undefined;
      endGroup(child.pid);
      await ended;
    }
    assert.equal(calls, before, "the platform was not asked for it");
  });
};

/** Ends a command with all that it started, if it has not ended by itself: some give up at once where there is no route. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
