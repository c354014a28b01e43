import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { lastChange } from "../../lib/docker/changed.ts";
import { RouterClient } from "../../services/router-client/client.ts";
import { type Drift, driftOf, READ_AGAIN } from "../../services/stacks/plan/drift.ts";
import { appApi } from "../../test/support/app-api.ts";
import { apiOf, runtimeDirectory } from "../../test/support/dyno-manager.ts";
import { type TestPlatform, testPlatform } from "../../test/support/platform.ts";
import { until } from "../../test/support/until.ts";
import { columns } from "../row.ts";

/** A way to change a platform by hand. */
interface Way {
  readonly what: string;
  readonly stack: "platform" | "hello";
  /** The name of what it has to be found at. */
  readonly at: RegExp;
  act(): Promise<unknown>;
  /** Where no `up` can put it right: does what it says is to be done. @param told what an `up` and a look say */
  byHand?(told: string): Promise<unknown>;
}

const APP = "hello";

const run = promisify(execFile);

/** An app with a database. */
const SETTINGS = {
  source: { path: "examples/flask-hello" },
  addons: { DATABASE: { service: "postgresql" } },
};

/**
 * Changes a platform by hand in one way after the other: each has to be found and named, and put right by an `up`. Before, every
 * runtime act is done, and nothing may be found.
 *
 * @returns what was not as it has to be
 */
export async function drift(_rounds: number, say: (line: string) => void): Promise<string[]> {
  await using platform = await testPlatform({ sleep: { after: 3 } });
  await platform.app(APP, SETTINGS, { GREETING: "hello" });
  await platform.up();
  const violations: string[] = [];
  const lines = [["changed by hand", "found", "declared", "there", "up mends it"]];
  const untouched = async (after: string) => {
    for (const stack of ["platform", APP]) {
      const found = await look(platform, stack);
      if (found.length > 0)
        violations.push(`untouched but for ${after}, and yet of ${stack}: ${JSON.stringify(found)}`);
    }
    say(`after ${after}: ${violations.length} differences`);
  };
  await asleep(platform);
  await untouched("sleep");
  await runtimeActs(platform);
  await untouched("wake, restart and a one-off dyno");
  await platform.app(APP, { ...SETTINGS, formation: { web: { quantity: 1, size: "basic" } } }, { GREETING: "hello" });
  await platform.up(APP);
  for (const { what, stack, at, act, byHand } of await waysOf(platform)) {
    const failed = await act().then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (failed !== undefined) {
      violations.push(`${what}: could not be done: ${failed}`);
      continue;
    }
    const found = await look(platform, stack).catch((error: Error) => error.message.split("\n", 1));
    const named = found.filter((row): row is Drift => typeof row !== "string" && at.test(row.name));
    if (named.length === 0) violations.push(`${what}: not found at ${at}: ${JSON.stringify(found)}`);
    const problem = await platform.engine.up(stack, [READ_AGAIN]).then(
      () => undefined,
      (error: Error) => error.message,
    );
    if (problem !== undefined) say(problem);
    if (problem === undefined && byHand !== undefined) violations.push(`${what}: an up was to say that it cannot`);
    const put = problem === undefined || (await byHand?.(problem).then(() => true));
    const mended = put === true && (await look(platform, stack)).length === 0;
    if (!mended) violations.push(`${what}: an up does not mend it, or what it says`);
    const [{ name, path = "", declared, there } = { name: "nothing", declared: "", there: "" }] = named;
    const how = mended ? (byHand === undefined ? "yes" : "by what it says") : "NO";
    lines.push([what, `${name} ${path}`.trim(), declared, there, how]);
    say(`${what}: ${named.length > 0 ? "found" : "NOT FOUND"}, ${mended ? "mended" : "NOT MENDED"}`);
  }
  say(columns(lines));
  await scaledToTwo(platform).catch((error: Error) => violations.push(`a service scaled to two: ${error.message}`));
  return violations;
}

/** That might be a restart's second container: if nobody knows of one, the platform ends it by itself. */
async function scaledToTwo(platform: TestPlatform): Promise<void> {
  const { docker, engine } = platform;
  await platform.fetch(APP);
  const { dynos } = (await engine.outputs(APP)) as { dynos: Record<string, string> };
  const [service = ""] = Object.values(dynos);
  await editService(docker, service, ({ Mode }) => Object.assign(Mode?.Replicated ?? {}, { Replicas: 2 }));
  await until("the platform has ended the second container", async () => {
    const { Spec } = await docker.getService(service).inspect();
    return Spec.Mode.Replicated.Replicas === 1;
  });
}

async function look(platform: TestPlatform, stack: string): Promise<Drift[]> {
  const { planned = [] } = await platform.engine.preview(stack, [READ_AGAIN]);
  return driftOf(planned, (kind, id) => lastChange(platform.docker, kind, id));
}

async function asleep(platform: TestPlatform): Promise<void> {
  const router = new RouterClient(`${runtimeDirectory(platform)}/router/admin.sock`);
  await until("the app is asleep", async () => {
    return (await router.get(APP, AbortSignal.timeout(20_000)))?.mode === "asleep";
  });
}

/** Wake, restart, a one-off dyno. */
async function runtimeActs(platform: TestPlatform): Promise<void> {
  await platform.fetch(APP);
  await (await appApi(platform, APP)).restart();
  await (await apiOf(platform)).ask("POST", `/apps/${APP}/dynos`, { command: "true" });
}

async function waysOf(platform: TestPlatform): Promise<Way[]> {
  const { docker, name, engine } = platform;
  const { dynos, databases } = (await engine.outputs(APP)) as {
    dynos: Record<string, string>;
    databases: Record<string, { database: string }>;
  };
  const [service = ""] = Object.values(dynos);
  const { DATABASE: { database } = { database: "" } } = databases;
  const router = new RouterClient(`${runtimeDirectory(platform)}/router/admin.sock`);
  const signal = () => AbortSignal.timeout(20_000);
  const part = (which: string) => docker.getContainer(`${name}-${which}`);
  const spec = (change: (spec: Docker.ServiceSpec) => void) => () => editService(docker, service, change);
  const container = (change: (of: NonNullable<Docker.ContainerTaskSpec["ContainerSpec"]>) => void) =>
    spec(({ TaskTemplate }) => change((TaskTemplate as Docker.ContainerTaskSpec).ContainerSpec ?? {}));
  const psql = [
    "exec",
    "--user",
    "operator",
    `${name}-postgres`,
    "psql",
    "--username=postgres",
    "--dbname=postgres",
    "--command",
  ];
  const sql = (text: string) => () => run("docker", [...psql, text]);
  const app = (what: string, at: RegExp, act: Way["act"]): Way => ({ what, stack: "hello", at, act });
  const own = (what: string, at: RegExp, act: Way["act"]): Way => ({ what, stack: "platform", at, act });
  const entry = async (change: object) => {
    const present = await router.get(APP, signal());
    if (present !== undefined) await router.put(APP, { ...present, ...change }, signal());
  };
  return [
    app(
      "a service scaled",
      /web\.1/,
      spec(({ Mode }) => Object.assign(Mode?.Replicated ?? {}, { Replicas: 3 })),
    ),
    app(
      "a service's image replaced",
      /web\.1/,
      container((of) => Object.assign(of, { Image: "busybox:latest" })),
    ),
    app(
      "a variable added to a service",
      /web\.1/,
      container((of) => of.Env?.push("EXTRA=1")),
    ),
    app(
      "a service's command replaced",
      /web\.1/,
      container((of) => Object.assign(of, { Args: ["sleep", "1"] })),
    ),
    app(
      "a service's label removed",
      /web\.1/,
      container((of) => Object.assign(of, { Labels: {} })),
    ),
    app(
      "a capability added to a service",
      /web\.1/,
      container((of) => Object.assign(of, { CapabilityAdd: ["CAP_SYS_ADMIN"] })),
    ),
    app(
      "a service's memory limit raised",
      /web\.1/,
      spec(({ TaskTemplate }) => Object.assign(TaskTemplate?.Resources?.Limits ?? {}, { MemoryBytes: 2 ** 31 })),
    ),
    app("a service removed", /web\.1/, () => docker.getService(service).remove()),
    app("an app's host added to the route table", /route/, () =>
      entry({ hosts: [`${APP}.localhost`, "mine.localhost"] }),
    ),
    app("an app removed from the route table", /route/, () => router.remove(APP, signal())),
    app("maintenance switched on in the route table", /route/, () => entry({ maintenance: true })),
    app("a grant given", /public/, sql(`GRANT CONNECT ON DATABASE ${database} TO PUBLIC`)),
    app("a login's limit of connections raised", /login/, sql(`ALTER ROLE ${database}_1 CONNECTION LIMIT 99`)),
    app("the owner let log in", /owner/, sql(`ALTER ROLE ${database} LOGIN`)),
    app("a database's owner changed", /DATABASE$/, async () => {
      await sql("CREATE ROLE heir; GRANT heir TO provisioner WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")();
      await sql(`ALTER DATABASE ${database} OWNER TO heir`)();
    }),
    {
      ...app(
        "a database's owner changed to the superuser",
        /DATABASE$/,
        sql(`ALTER DATABASE ${database} OWNER TO postgres`),
      ),
      // The provisioner is none.
      byHand: (told) => sql(/a superuser say: (ALTER DATABASE .+)$/m.exec(told)?.[1] ?? "nothing was told")(),
    },
    app("a database dropped", /DATABASE$/, sql(`DROP DATABASE ${database} WITH (FORCE)`)),
    own("a container removed", /router/, () => part("router").remove({ force: true })),
    own("a container's memory limit raised", /router/, () =>
      part("router").update({ Memory: 2 ** 30, MemorySwap: 2 ** 31 }),
    ),
    own("a container's restarts switched off", /runner/, () =>
      part("runner").update({ RestartPolicy: { Name: "no" } }),
    ),
    own("a container stopped", /runner/, () => part("runner").stop({ t: 1 })),
    own("a container taken off its network", /router/, () =>
      docker.getNetwork(name).disconnect({ Container: `${name}-router`, Force: true }),
    ),
  ];
}

async function editService(docker: Docker, name: string, change: (spec: Docker.ServiceSpec) => void): Promise<void> {
  const service = docker.getService(name);
  const { Spec, Version } = await service.inspect();
  change(Spec);
  await service.update({ version: Version.Index, ...Spec });
}
