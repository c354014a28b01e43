/** The part of outages.test.ts that runs in the engine's network namespace, where the platform's ports are. */
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { changed } from "../../../services/stacks/engine.ts";
import { containers, untilApi, untilAsleep } from "../../support/dyno-manager.ts";
import { killDocker, onlyFolder, startDocker } from "../../support/inside-docker.ts";
import { type TestPlatform, testPlatform } from "../../support/platform.ts";
import { simpleApp } from "../../support/simple-app.ts";
import { until } from "../../support/until.ts";

/** Each answer has been to Postgres and back. */
const APP = `import os, psycopg2

def app(environ, start_response):
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    cursor = connection.cursor()
    cursor.execute("SELECT %s", (os.environ["VERSION"],))
    answer = cursor.fetchone()[0]
    connection.close()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode()]
`;

process.on("uncaughtException", (error) => {
  // Node shows neither what went wrong first nor what then went wrong in the clean-up.
  if (error instanceof SuppressedError)
    console.error(inspect(error.suppressed), "\nand then, cleaning up:", error.error);
  else console.error(error);
  process.exit(1);
});

const platform = await testPlatform({ sleep: { after: 5 } });
await using _folder = onlyFolder(platform);
await simpleApp(platform, "steady", { "run.py": APP });
const declare = (web: number, version: string) =>
  platform.app(
    "steady",
    {
      source: { path: "apps/steady" },
      // One that never sleeps.
      formation: { web: { quantity: web, size: "basic" } },
      addons: { DATABASE: { service: "postgresql", plan: "mini" } },
    },
    { VERSION: version },
  );
await declare(1, "one");
await simpleApp(platform, "nap");
await platform.app("nap", { source: { path: "apps/nap" } }, { VERSION: "rested" });
await platform.up();
await served("one");

for (const part of ["router", "postgres"]) {
  await timed(`docker restart of ${part}`, async () => {
    await platform.docker.getContainer(`${platform.name}-${part}`).restart();
    await served("one");
  });
}
await timed("kill -9 of nginx in its container", async () => {
  await killNginx(platform);
  await served("one");
});

await untilAsleep(platform, "nap");
await restartDaemon("machine's");
await timed("kill -9 of dockerd, after Docker's API answered again", () => served("one"));
await timed("the control plane, after that", async () => {
  await untilApi(platform);
  for (const part of ["control-plane", "runner"]) await running(part);
});
assert.equal((await containers(platform, "nap", "running")).size, 0, "a crash of dockerd wakes nobody");
await timed("the waking of an app that slept all the while", () => served("rested", "nap"));
for (const outcome of await platform.up()) assert.equal(changed(outcome), 0, "nothing has to be repaired");

const withResolver = await acts("with");
await restartDaemon("black-hole");
await served("with");
const without = await acts("without");
for (const [act, seconds] of Object.entries(without)) {
  const before = withResolver[act] ?? 0;
  console.log(`${act}: ${before.toFixed(1)} s with the resolver, ${seconds.toFixed(1)} s without`);
  // Docker waits 5 s and more for a resolver that is silent; noise stays below that.
  assert.ok(seconds < before * 1.5 + 4, `${act} took ${seconds} s without a resolver and ${before} s with it`);
}
process.disconnect();

/** What must not ask the resolver, and the seconds each took. */
async function acts(version: string): Promise<Record<string, number>> {
  const seconds: Record<string, number> = {};
  const measure = async (act: string, work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    seconds[act] = (performance.now() - started) / 1000;
  };
  await measure("a deploy", async () => {
    await declare(1, version);
    await platform.up("steady");
    await served(version);
  });
  await measure("scaling to two", async () => {
    await declare(2, version);
    await platform.up("steady");
  });
  await measure("scaling to one", async () => {
    await declare(1, version);
    await platform.up("steady");
  });
  await measure("a crash", async () => {
    const filters = { label: [`dynoform.platform=${platform.name}`, "dynoform.app=steady"] };
    const [dyno] = await platform.docker.listContainers({ filters });
    assert.ok(dyno !== undefined);
    await platform.docker.getContainer(dyno.Id).kill();
    await served(version);
  });
  return seconds;
}

async function served(version: string, app = "steady"): Promise<void> {
  await until(`"${version}" is served`, async () => {
    const answer = await platform.fetch(app).catch(() => undefined);
    return answer?.status === 200 && answer.body === version;
  });
}

async function running(part: string): Promise<void> {
  await until(`the ${part} runs`, async () => {
    const { State } = await platform.docker.getContainer(`${platform.name}-${part}`).inspect();
    return State.Running;
  });
}

async function killNginx(platform: TestPlatform): Promise<void> {
  const { State } = await platform.docker.getContainer(`${platform.name}-router`).inspect();
  process.kill(State.Pid, "SIGKILL");
}

async function restartDaemon(resolver: "machine's" | "black-hole"): Promise<void> {
  await killDocker();
  await startDocker(resolver);
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await work();
  console.log(`${what}: served again after ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
