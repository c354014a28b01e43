import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { App, type AppArgs } from "../../../infra/app/app.ts";
import type { LedgerEntry } from "../../../model/app/ledger.ts";
import { KEY, platform } from "./fixtures.ts";
import { record } from "./recording.ts";

async function withSource<T>(work: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "infra-labs-"));
  await writeFile(join(folder, "Procfile"), "web: uwsgi uwsgi.ini\nrelease: python migrate.py\n");
  await writeFile(join(folder, "requirements.txt"), "flask\n");
  return work(folder).finally(() => rm(folder, { recursive: true }));
}

/** What `HEROKU_…` the web dynos are told, and what the release has. */
async function told(path: string, over: Partial<AppArgs> = {}) {
  const args: AppArgs = { platform, key: KEY, id: "shop-1", source: { path }, formation: { web: { quantity: 2 } } };
  const { resources } = await record(() => new App("shop", { ...args, ...over }));
  const dynos = resources.filter(({ type }) => type === "docker:index/service:Service");
  // biome-ignore lint/suspicious/noExplicitAny: as it is on the wire
  const env = (inputs: any): Record<string, unknown> => inputs.taskSpec.containerSpec.env;
  const shown = dynos.map(({ inputs }) =>
    Object.fromEntries(
      Object.entries(env(inputs).secret ?? env(inputs))
        .filter(([name]) => name.startsWith("HEROKU_"))
        .map(([name, value]) => [name, (value as { secret?: string }).secret ?? value]),
    ),
  );
  const release = resources.find(({ type }) => type === "dyno:index:Release")?.inputs as unknown as LedgerEntry;
  return { names: dynos.map(({ name }) => name), env: shown, release };
}

test("dynos are told which app, dyno and release they are when the app's file says so", () =>
  withSource(async (path) => {
    const plain = await told(path);
    assert.deepEqual(plain.env, [{}, {}]);
    const labs = ["runtime-dyno-metadata"] as const;
    const first = await told(path, { labs, lastRelease: null });
    const [one = {}, two = {}] = first.env;
    assert.deepEqual(Object.keys(one).sort(), [
      "HEROKU_APP_ID",
      "HEROKU_APP_NAME",
      "HEROKU_DYNO_ID",
      "HEROKU_RELEASE_CREATED_AT",
      "HEROKU_RELEASE_VERSION",
      "HEROKU_SLUG_COMMIT",
      "HEROKU_SLUG_DESCRIPTION",
    ]);
    assert.deepEqual([one.HEROKU_APP_NAME, one.HEROKU_RELEASE_VERSION], ["shop", "v1"]);
    assert.equal(one.HEROKU_APP_ID, two.HEROKU_APP_ID);
    assert.notEqual(one.HEROKU_DYNO_ID, two.HEROKU_DYNO_ID);
    assert.notDeepEqual(first.names, plain.names);

    const ran = { ...first.release, version: 7, createdAt: "2026-01-02T03:04:05.000Z" };
    const same = await told(path, { labs, lastRelease: ran, formation: { web: { quantity: 3 } } });
    assert.deepEqual(
      same.env.map((env) => env.HEROKU_RELEASE_VERSION),
      ["v7", "v7", "v7"],
    );
    assert.equal(same.env[0]?.HEROKU_RELEASE_CREATED_AT, ran.createdAt);
    const config = { HEROKU_APP_NAME: "mine" };
    const next = await told(path, { labs, lastRelease: ran, config });
    assert.deepEqual([next.env[0]?.HEROKU_RELEASE_VERSION, next.env[0]?.HEROKU_APP_NAME], ["v8", "mine"]);
    const again = await told(path, { labs, lastRelease: { ...next.release, version: 8 }, config });
    assert.deepEqual(again.names, next.names, "what runs stays as it is");
    const more = await told(path, { labs: [...labs, "log-runtime-metrics"], lastRelease: ran });
    assert.equal(more.env[0]?.HEROKU_RELEASE_VERSION, "v8", "a lab is a release");
    assert.equal((await told(path, { labs })).env[0]?.HEROKU_RELEASE_VERSION, undefined);
  }));
