import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { TestPlatform } from "../../support/platform.ts";
import { openWebSocket, webSocketApp } from "../../support/web-sockets.ts";

/** Deploys of one app, while WebSockets are open at another, neither wait for them nor close them. */
export async function webSockets(t: TestContext, platform: TestPlatform): Promise<void> {
  for (const app of ["quick", "chat"]) {
    await webSocketApp(platform, app);
    await platform.app(app, { source: { path: `apps/${app}` } }, { VERSION: "one" });
  }
  await platform.up("quick", "chat");
  const deploy = async (version: string) => {
    await platform.app("quick", { source: { path: "apps/quick" } }, { VERSION: version });
    const started = performance.now();
    await platform.up("quick");
    const seconds = (performance.now() - started) / 1000;
    assert.equal((await platform.fetch("quick")).body, version);
    return seconds;
  };
  const alone = await deploy("two");
  using opened = new DisposableStack();
  const sockets = await Promise.all(Array.from({ length: 20 }, () => openWebSocket(platform, "chat")));
  for (const socket of sockets) opened.use(socket);
  await Promise.all(sockets.map((socket, n) => socket.echo(`before ${n}`)));
  const beside = await deploy("three");
  t.diagnostic(`a deploy: ${alone.toFixed(1)} s, with WebSockets open elsewhere ${beside.toFixed(1)} s`);
  // Its drain has 30 seconds, and would take all of them.
  assert.ok(beside < alone + 15, `${beside} s, and ${alone} s without WebSockets`);
  await Promise.all(sockets.map((socket, n) => socket.echo(`after ${n}`)));
  assert.ok(sockets.every(({ closed }) => !closed));
}
