import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { keepWaiting, patienceOf } from "../../../../services/control-plane/api/patience.ts";

const OFFICIAL = { "user-agent": "heroku-cli/11.10.0 linux" };

test("a client waits as long as it says, the official command line to the end", () => {
  const cases: [IncomingHttpHeaders, number][] = [
    [{}, 50],
    [{ prefer: "respond-async, wait=7" }, 7],
    [OFFICIAL, Number.POSITIVE_INFINITY],
    [{ ...OFFICIAL, prefer: "wait=7" }, 7],
  ];
  for (const [headers, seconds] of cases) assert.equal(patienceOf(headers), seconds);
});

test("the official command line gets signs of life until its answer, others get none", async () => {
  const gates = new Map<string, () => void>();
  const server = createServer(async (asked, response) => {
    using _waiting = keepWaiting(asked, response, 5);
    await new Promise<void>((resolve) => gates.set(asked.url ?? "", resolve));
    response.end("done");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, headers: IncomingHttpHeaders, signed: () => void) =>
    new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port, path, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on("information", signed);
      asked.on("error", reject).end();
    });
  try {
    let others = 0;
    const other = ask("/other", {}, () => others++);
    let signs = 0;
    const official = ask("/official", OFFICIAL, () => {
      if (++signs === 3) for (const open of gates.values()) open();
    });
    assert.deepEqual(await Promise.all([official, other]), [200, 200]);
    assert.deepEqual([signs >= 3, others], [true, 0]);
  } finally {
    server.close();
  }
});
