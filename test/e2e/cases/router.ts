import assert from "node:assert/strict";
import { connect } from "node:net";
import { join } from "node:path";
import { RouterClient } from "../../../services/router-client/client.ts";
import type { Case, CaseApp } from "../../support/cases.ts";
import { apiOf } from "../../support/dyno-manager.ts";
import { until } from "../../support/until.ts";

const OWN_BODY = "the app's own body\n";

async function inFlight({ platform, name }: CaseApp): Promise<number | undefined> {
  const router = new RouterClient(join(platform.directory, "home", platform.name, "router", "admin.sock"));
  return (await router.activity(AbortSignal.timeout(10_000)))[name]?.inflight;
}

export const cases: readonly Case[] = [
  {
    name: "big-response-headers",
    folder: "05-big-response-headers",
    async check(app) {
      for (const sizes of ["1000", "3500", "4000", "4093", "4093,4093", "8000", "4000,4000,4000,4000"]) {
        assert.equal((await app.fetch(`/cookies?sizes=${sizes}`)).status, 200, sizes);
      }
    },
  },
  {
    // The platform of the cases names 127.0.0.1 as a proxy.
    name: "https-in-front",
    folder: "09-https-in-front",
    async check(app) {
      const host = "secure.example.test";
      await (await apiOf(app.platform)).ask("POST", `/apps/${app.name}/domains`, {
        hostname: host,
        sni_endpoint: null,
      });
      const front = { host, "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9" };
      const { status, body } = await app.fetch("/", { headers: front });
      assert.equal(status, 200);
      assert.match(
        body,
        /'X-Forwarded-Proto': 'https', 'X-Forwarded-Port': '443', 'X-Forwarded-For': '203\.0\.113\.9, /,
      );
      assert.equal((await app.fetch("/", { headers: { host } })).headers.location, `https://${host}/`);
      await until("the log shows the client", async () =>
        /fwd="203\.0\.113\.9,[^"]*".* protocol=https/.test(await app.api.logs()),
      );
    },
  },
  {
    name: "slow-client",
    folder: "25-slow-client",
    async check(app) {
      const client = connect(app.platform.ports.web, "127.0.0.1");
      client.pause().write(`GET /big HTTP/1.1\r\nHost: ${app.name}.localhost\r\nConnection: close\r\n\r\n`);
      await until("it was passed on to the last byte", async () => /path="\/big"/.test(await app.api.logs()));
      for (let n = 0; n < 3; n++) assert.equal((await app.fetch("/", { timeout: 10_000 })).body, "small\n");
      let bytes = 0;
      for await (const chunk of client) bytes += chunk.length;
      assert.ok(bytes > 900_000, `${bytes} bytes`);
    },
  },
  {
    name: "x-accel",
    folder: "26-x-accel",
    async check(app) {
      const said = {
        "/file": "/protected/report.pdf",
        "/loop": "/loop",
        "/dashboard": "@dashboard",
        "/again": "@again",
      };
      for (const [path, value] of Object.entries({ ...said, "/broken": "@broken", "/": undefined })) {
        const { status, body, headers } = await app.fetch(path, { timeout: 10_000 });
        assert.deepEqual([status, body, headers["x-accel-redirect"]], [200, OWN_BODY, value], path);
      }
      const { body, headers } = await app.fetch("/limit");
      assert.deepEqual([body, headers["x-accel-limit-rate"]], [OWN_BODY, "10"]);
      await until("none is in flight", async () => (await inFlight(app)) === 0);
    },
  },
];
