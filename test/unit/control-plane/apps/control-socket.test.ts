import assert from "node:assert/strict";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { serveControlSocket, UnknownApp } from "../../../../services/control-plane/control-socket.ts";

function ask(socketPath: string, method: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, body: body.trim() });
    });
    call.on("error", reject).end();
  });
}

test("the router wakes apps on the control socket, which a killed control plane leaves and the next one takes", async () => {
  const folder = await mkdtemp(join(tmpdir(), "control-"));
  const path = join(folder, "control.sock");
  try {
    await writeFile(path, "left by another");
    const woken: string[] = [];
    const wake = async (app: string) => {
      if (app === "none") throw new UnknownApp();
      if (app === "broken") throw new Error("Docker does not answer");
      woken.push(app);
    };
    const addresses = new Map([["shop-web-1", "10.0.0.9"]]);
    const server = await serveControlSocket(path, wake, (service) => addresses.get(service));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await ask(path, "POST", "/wake/my-shop"), { status: 202, body: "{}" });
    assert.deepEqual(woken, ["my-shop"]);
    assert.deepEqual(await ask(path, "POST", "/wake/none"), { status: 404, body: '{"error":"unknown_app"}' });
    assert.deepEqual(await ask(path, "POST", "/wake/broken"), {
      status: 503,
      body: '{"error":"Docker does not answer"}',
    });
    assert.equal((await ask(path, "GET", "/wake/my-shop")).status, 405);
    assert.equal((await ask(path, "POST", "/wake/../etc")).status, 404);
    assert.deepEqual(await ask(path, "GET", "/dynos/shop-web-1/address"), { status: 200, body: "10.0.0.9" });
    assert.equal((await ask(path, "GET", "/dynos/other/address")).status, 404);
    assert.equal((await ask(path, "POST", "/dynos/shop-web-1/address")).status, 405);
    await server[Symbol.asyncDispose]();
    await assert.rejects(ask(path, "POST", "/wake/my-shop"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
