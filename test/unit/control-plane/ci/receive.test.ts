import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { JWTPayload } from "jose";
import { hostOf } from "../../../../cli/commands/ci/host.ts";
import { UserError } from "../../../../lib/errors.ts";
import type { StackFile } from "../../../../model/stack/project.ts";
import { receiveWorkflows } from "../../../../services/control-plane/ci/receive.ts";
import { planned } from "../../cli/ci/planned.ts";
import { ground } from "./ground.ts";

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A host, a job of GitHub Actions', and what the host was asked to preview. */
async function world(trust?: Parameters<typeof ground>[0]) {
  const there = await ground(trust);
  let claims: JWTPayload = {};
  const asked: string[] = [];
  const problems: string[] = [];
  const aside = receiveWorkflows({
    tokens: there.tokens,
    previews: {
      async preview(stack, text, { actor }) {
        asked.push(`${stack} ${text} ${actor}`);
        if (stack === "broken") throw new UserError("dynoform:app.name: is wrong");
        if (stack === "mad") throw new Error("secret stack trace");
        return { new: false, same: 3, planned: [planned("create", "a:b:C", "x")] };
      },
    },
    ups: {
      async up(stack, { before, after }, { actor }) {
        asked.push(`up ${stack} ${before} ${after} ${actor}`);
        if (stack === "new") return { elsewhere: "only apps that are there", changes: {} as Record<string, number> };
        return { changes: { same: 4, update: 1 } };
      },
    },
    report: (problem) => problems.push(problem),
  });
  const host = await serve(
    (request, response) => void (aside(request, response) || response.writeHead(404).end("nothing")),
  );
  const audiences: string[] = [];
  const actions = await serve(async (request, response) => {
    audiences.push(new URL(request.url ?? "", "http://x").searchParams.get("audience") ?? "");
    assert.equal(request.headers.authorization, "Bearer job");
    response.end(JSON.stringify({ value: await there.sign(claims) }));
  });
  const folder = await mkdtemp(join(tmpdir(), "ci-host-"));
  const env = {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${actions.url}/token?api-version=2`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "job",
  };
  return {
    ...there,
    asked,
    problems,
    audiences,
    env,
    host: host.url,
    /** The job is of another event. */
    as(of: JWTPayload) {
      claims = of;
    },
    async file(stack: string): Promise<StackFile> {
      const path = join(folder, `Pulumi.${stack}.yaml`);
      await writeFile(path, "config: {}");
      return { stack, path, kind: "app", config: {} };
    },
    post: (body: string, headers: Record<string, string>, method = "POST") =>
      fetch(`${host.url}/ci/previews`, { method, headers, ...(method === "POST" && { body }) }),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]();
      await actions[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test("a job has its stack files previewed by the host with a token for each, and hears what is wrong", async () => {
  await using there = await world();
  const previewer = hostOf(there.host, there.env).previewer;
  assert.deepEqual(await previewer.preview(await there.file("shop")), {
    new: false,
    same: 3,
    planned: [planned("create", "a:b:C", "x")],
  });
  await assert.rejects(previewer.preview(await there.file("broken")), /^UserError: dynoform:app\.name: is wrong$/);
  await assert.rejects(previewer.preview(await there.file("mad")), /^UserError: It could not be done\.$/);
  assert.deepEqual(there.asked, ["shop config: {} octocat", "broken config: {} octocat", "mad config: {} octocat"]);
  assert.deepEqual(there.audiences, ["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
  assert.equal(there.problems.length, 1);
  there.pass(3_600_000);
  await assert.rejects(
    hostOf(there.host, {}).previewer.preview(await there.file("shop")),
    /^UserError: GitHub makes no token/,
  );
});

test("nothing is previewed for who is not let in, and a token that was refused is not used up by too large a file", async () => {
  await using there = await world();
  const token = await there.sign();
  const by = { authorization: `Bearer ${token}` };
  const body = JSON.stringify({ stack: "shop", file: "" });
  assert.equal((await there.post("", by, "GET")).status, 405);
  assert.equal((await there.post(body, {})).status, 401);
  assert.equal((await there.post(body, { authorization: "Bearer x" })).status, 401);
  assert.equal(
    (await there.post(body, { authorization: `Bearer ${await there.sign({ repository: "a/b" })}` })).status,
    403,
  );
  assert.equal((await there.post("{", by)).status, 400);
  assert.equal((await there.post(JSON.stringify({ stack: "../x", file: "" }), by)).status, 400);
  assert.equal((await there.post("x".repeat(600_000), by)).status, 413);
  assert.deepEqual(there.asked, []);
  assert.equal((await there.post(body, by)).status, 200);
  const again = await there.post(body, by);
  assert.deepEqual(
    [again.status, await again.json()],
    [401, { message: "The token was used already; each is taken once." }],
  );
  assert.equal(there.asked.length, 1);
});

test("a branch that is trusted with it has apps brought up, and none else", async () => {
  await using there = await world([{ repo: "octo/shop", ref: "main", may: "up" }]);
  there.as({ ref: "refs/heads/main", event_name: "push" });
  const host = hostOf(there.host, there.env);
  assert.equal(await host.up(await there.file("shop"), "config: {old: 1}"), "1 change");
  assert.deepEqual(there.asked, ["up shop config: {old: 1} config: {} octocat"]);
  await assert.rejects(host.up(await there.file("new"), ""), /^UserError: only apps that are there\.$/);
  // It may preview too.
  await host.previewer.preview(await there.file("shop"));
  // The base's ref, and the pull request's code.
  there.as({ ref: "refs/heads/main", event_name: "pull_request_target" });
  await assert.rejects(
    host.up(await there.file("shop"), ""),
    /^UserError: octo\/shop at refs\/heads\/main may not up here/,
  );
  await using previewing = await world();
  await assert.rejects(
    hostOf(previewing.host, previewing.env).up(await previewing.file("shop"), ""),
    /^UserError: octo\/shop at refs\/pull\/12\/merge may not up here/,
  );
  assert.deepEqual(previewing.asked, []);
});

test("a token is sent to no host by plain HTTP but one's own", () => {
  for (const host of [
    "http://dashboard.example.com",
    "dashboard.example.com",
    "ftp://localhost",
    "http://localhost.example.com",
  ]) {
    assert.throws(() => hostOf(host, {}), /^UserError: ".*" is no address of a platform; use that of its dashboard/);
  }
});
