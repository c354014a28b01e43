import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { type TestPlatform, testPlatform } from "../../test/support/platform.ts";
import { type Bench, type Row, seconds } from "../row.ts";

const ROUNDS = 3;

/** One changed line, and one dyno more, beside what Docker needs for the same. */
export const bench: Bench = async (say) => {
  await using platform = await testPlatform();
  const path = await platform.copyExample("flask-hello");
  const settings = { source: { path }, addons: { DATABASE: { service: "postgresql" } } };
  await platform.app("hello", settings);
  say("first up");
  await platform.up();
  await using plain = await plainService(platform);

  const rounds: { ours: number; theirs: number }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    say(`code change, round ${round} of ${ROUNDS}`);
    const marker = `round-${round}`;
    await change(join(platform.directory, path, "hello", "pages.py"), marker);
    rounds.push({
      ours: await untilFirst(platform.engine.up("hello"), async () => {
        return (await platform.fetch("hello", `/${marker}`)).status === 200;
      }),
      theirs: await untilFirst(plain.deploy(marker), async () => (await plain.serving(marker)) > 0),
    });
  }

  say("one dyno more");
  await platform.app("hello", { ...settings, formation: { web: { quantity: 2 } } });
  const scale: Row = {
    name: "scale 1 to 2, until the route has both",
    ours: await seconds(() => platform.engine.up("hello")),
    beside: "docker service scale, until both answer",
    theirs: await seconds(() => plain.scale(2, `round-${ROUNDS}`)),
    unit: "s",
  };
  return [
    {
      name: `code change, until the first new answer (median of ${ROUNDS})`,
      ours: median(rounds.map(({ ours }) => ours)),
      beside: "docker build and docker service update",
      theirs: median(rounds.map(({ theirs }) => theirs)),
      unit: "s",
    },
    scale,
  ];
};

/** Adds a page of the marker's name to the app. */
async function change(file: string, marker: string): Promise<void> {
  const text = await readFile(file, "utf8");
  await writeFile(file, `${text}\n\npages.add_url_rule("/${marker}", "${marker}", lambda: "${marker}")\n`);
}

/** Seconds until `arrived`, asked over and over while `work` goes on; `work` is awaited, but not counted. */
async function untilFirst(work: Promise<unknown>, arrived: () => Promise<boolean>): Promise<number> {
  let failure: unknown;
  const done = work.catch((error: unknown) => {
    failure = error;
  });
  const taken = await seconds(async () => {
    while (!(await arrived().catch(() => false))) {
      if (failure !== undefined) throw failure;
      await sleep(20);
    }
  });
  await done;
  return taken;
}

/** The same app as a Swarm service of its own, updated as one would by hand. */
async function plainService(platform: TestPlatform) {
  const { docker, name } = platform;
  const { image } = await platform.engine.outputs("hello");
  const [dyno] = await docker.listContainers({
    filters: { label: [`dynoform.platform=${name}`, "dynoform.dyno=web.1"] },
  });
  if (dyno === undefined) throw new Error("the app has no dyno");
  const { Config } = await docker.getContainer(dyno.Id).inspect();
  const service = `${name}-plain`;
  const labels = { "dynoform.platform": name };

  const specification = (from: string, replicas: number): Docker.ServiceSpec & { Name: string } => ({
    Name: service,
    Labels: labels,
    EndpointSpec: { Mode: "dnsrr" },
    Mode: { Replicated: { Replicas: replicas } },
    UpdateConfig: { Parallelism: 1, Order: "start-first" },
    Networks: [{ Target: name }],
    TaskTemplate: {
      ContainerSpec: {
        Image: from,
        Labels: labels,
        Command: ["tini", "-g", "--", "bash", "-c", "uwsgi uwsgi.ini"],
        // The platform's Postgres answers nobody but dynos; SQLite serves the same page.
        Env: [
          "PORT=5000",
          "DATABASE_URL=sqlite:////tmp/hello.db",
          ...Config.Env.filter((entry) => entry.startsWith("PATH=")),
        ],
      },
    },
  });
  let current = String(image);
  await docker.createService(specification(current, 1));
  const update = async (from: string, replicas: number) => {
    const { Version } = await docker.getService(service).inspect();
    await docker.getService(service).update({ ...specification(from, replicas), version: Version.Index });
    current = from;
  };
  const addresses = async () => {
    const gateway = await docker.getNetwork("docker_gwbridge").inspect();
    const list = await docker.listContainers({ filters: { label: [`com.docker.swarm.service.name=${service}`] } });
    return list.map(({ Id }) => String(gateway.Containers?.[Id]?.IPv4Address ?? "").split("/")[0]).filter(Boolean);
  };
  /** How many of its containers have the page of that name. */
  const serving = async (marker: string) => {
    const answers = await Promise.all((await addresses()).map((host) => status(String(host), `/${marker}`)));
    return answers.filter((answer) => answer === 200).length;
  };
  return {
    async deploy(marker: string) {
      const context = pack();
      const file = await readFile(join(platform.directory, "apps/flask-hello/hello/pages.py"), "utf8");
      context.entry({ name: "Dockerfile" }, `FROM ${image}\nCOPY pages.py /app/hello/pages.py\n`);
      context.entry({ name: "pages.py" }, file);
      context.finalize();
      const tag = `${name}/plain:${marker}`;
      const stream: NodeJS.ReadableStream = await docker.buildImage(Readable.from(context), { t: tag, labels });
      await new Promise((resolve, reject) =>
        docker.modem.followProgress(stream, (error, output) => (error ? reject(error) : resolve(output))),
      );
      const { Id } = await docker.getImage(tag).inspect();
      await update(Id, 1);
    },
    serving,
    async scale(replicas: number, marker: string) {
      await update(current, replicas);
      while ((await serving(marker)) < replicas) await sleep(20);
    },
    async [Symbol.asyncDispose]() {
      await docker.getService(service).remove();
    },
  };
}

function status(host: string, path: string): Promise<number> {
  return new Promise((resolve) => {
    const outgoing = request({ host, port: 5000, path, agent: false, timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on("timeout", () => outgoing.destroy());
    outgoing.on("error", () => resolve(0));
    outgoing.end();
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
