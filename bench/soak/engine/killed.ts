/** Updates of one stack by processes of the engine that end by `kill -9`, each at another moment. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { type Deployment, parseCheckpoint } from "../../../engine/src/state/checkpoint.ts";
import { contradictionOf } from "../../../engine/src/state/integrity.ts";
import { messageOf } from "../../../lib/errors.ts";
import { finished, printed, TestProject } from "../../../test/engine/cli/harness.ts";
import { randomFrom } from "../kills/random.ts";

/** Things are files; each takes a while to be changed, before and after it is. */
const provider = `import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
const folder = join(import.meta.dirname, "..", "things");
const change = async (work) => {
  await setTimeout(20);
  const result = await work();
  await setTimeout(20);
  return result;
};
const write = async (id, inputs) => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "." + id), JSON.stringify(inputs));
  await rename(join(folder, "." + id), join(folder, id));
};
const read = async (id) => {
  const text = await readFile(join(folder, id), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const inputs = JSON.parse(text);
  return { id, inputs, outputs: { ...inputs, token: id } };
};
export const createProvider = () => ({
  name: "files",
  version: "1.0.0",
  configure: async () => {},
  check: async ({ news }) => ({ inputs: news }),
  diff: async ({ oldInputs, news }) => ({
    changes: JSON.stringify(oldInputs) !== JSON.stringify(news),
    replaces: oldInputs.key === news.key ? [] : ["key"],
  }),
  create: ({ name, inputs }) => change(async () => {
    const id = name + "-" + randomUUID();
    await write(id, inputs);
    return { id, outputs: { ...inputs, token: id } };
  }),
  read: ({ id }) => read(id),
  update: ({ id, news }) => change(async () => {
    await write(id, news);
    return { ...news, token: id };
  }),
  delete: ({ id }) => change(() => rm(join(folder, id), { force: true })),
  invoke: async () => ({ outputs: {} }),
  recover: async ({ urn }) => {
    const name = urn.split("::").at(-1);
    const ids = (await readdir(folder).catch(() => [])).filter((id) => id.startsWith(name + "-"));
    const ages = await Promise.all(ids.map(async (id) => ({ id, age: (await stat(join(folder, id))).mtimeMs })));
    const newest = ages.sort((a, b) => b.age - a.age)[0];
    return newest && read(newest.id);
  },
});
`;

const program = `import { readFileSync } from "node:fs";
import { CustomResource } from "@pulumi/pulumi";
class Thing extends CustomResource {
  constructor(name, inputs) { super("files:index:Thing", name, { token: undefined, ...inputs }); }
}
const made = new Map();
for (const { name, value, key, from } of JSON.parse(readFileSync(new URL("program.json", import.meta.url), "utf8"))) {
  made.set(name, new Thing(name, { value, key, from: from.flatMap((other) => made.get(other)?.token ?? []) }));
}
`;

interface Spec {
  readonly name: string;
  readonly value: number;
  readonly key: number;
  readonly from: readonly string[];
}

/** How many milliseconds after its first step an update is killed at most; it takes about that long. */
const LATEST = 400;

const update = ["up", "--yes", "--skip-preview"];

/** @returns what was not as it has to be */
export async function killedUpdates(rounds: number, say: (line: string) => void, seed: number): Promise<string[]> {
  await using project = await TestProject.create("killed", {
    "Pulumi.yaml": `name: killed
runtime: { name: nodejs, options: { typescript: false } }
main: index.ts
plugins: { providers: [{ name: files, path: ./provider }] }
`,
    "provider/index.ts": provider,
    "index.ts": program,
  });
  await project.ok("stack", "init", "d");
  const random = randomFrom(seed);
  const violations: string[] = [];
  let killed = 0;
  for (let round = 1; killed < rounds; round++) {
    await project.write("program.json", JSON.stringify(randomProgram(random)));
    const up = project.start(update);
    const end = finished(up);
    await printed(up, /Thing \S+ (creating|updating|deleting|replacing)/).catch(() => {});
    await Promise.race([setTimeout(random() * LATEST), end]);
    const wasKilled = up.exitCode === null && up.kill("SIGKILL");
    const { code, stdout, stderr } = await end;
    if (wasKilled) killed++;
    else if (code !== 0) violations.push(`round ${round}: exit ${code}\n${stdout}${stderr}`);
    const { pending, found } = await look(project);
    violations.push(...found.map((violation) => `round ${round}: ${violation}`));
    say(
      `round ${round}: ${wasKilled ? `killed in ${pending} operations` : "came to its end"}, ${found.length} violations`,
    );
    if (round > rounds * 5) violations.push(`only ${killed} of ${round} updates could be killed`);
    if (violations.length > 0) return violations;
  }
  return await converged(project, randomProgram(random));
}

function randomProgram(random: () => number): Spec[] {
  const names = Array.from({ length: 8 }, (_, index) => `t${index}`);
  const pick = (count: number) => 1 + Math.floor(random() * count);
  return names.flatMap((name, index) =>
    random() < 0.25
      ? []
      : [{ name, value: pick(3), key: pick(2), from: names.slice(0, index).filter(() => random() < 0.25) }],
  );
}

/** What the next process will find. */
async function look(project: TestProject): Promise<{ pending: number; found: string[] }> {
  const { deployment } = parseCheckpoint(await project.checkpoint("d"));
  return {
    pending: deployment?.pending_operations?.length ?? 0,
    found: deployment === undefined ? [] : await violationsOf(project, deployment),
  };
}

async function violationsOf(project: TestProject, deployment: Deployment): Promise<string[]> {
  const contradiction = contradictionOf(deployment);
  const things = await thingsOf(project);
  const states = (deployment.resources ?? []).filter(({ type }) => type === "files:index:Thing");
  const pending = (deployment.pending_operations ?? []).map(({ type, resource }) => `${type} ${nameOf(resource.urn)}`);
  const known = new Set(states.map(({ id }) => id));
  const lost = things.filter((id) => !known.has(id) && !pending.includes(`creating ${id.split("-")[0]}`));
  const gone = states.filter(
    ({ id, urn, pendingReplacement }) =>
      !things.includes(id ?? "") && !pendingReplacement && !pending.includes(`deleting ${nameOf(urn)}`),
  );
  const contents = new Map(
    await Promise.all(
      things.map(async (id) => [id, JSON.parse(await readFile(project.path("things", id), "utf8"))] as const),
    ),
  );
  const other = states.filter(({ id = "", urn, inputs, initErrors }) => {
    const excused = !contents.has(id) || initErrors !== undefined || pending.includes(`updating ${nameOf(urn)}`);
    return !excused && !isDeepStrictEqual(contents.get(id), inputs);
  });
  return [
    ...(contradiction === undefined ? [] : [contradiction]),
    ...lost.map((id) => `${id} is there, and the state has lost it`),
    ...gone.map(({ id }) => `${id} is in the state, and not there`),
    ...other.map(({ id }) => `${id} is not what the state says`),
    ...(known.size < states.length ? ["something is in the state twice"] : []),
  ];
}

/** Nothing is killed any more. */
async function converged(project: TestProject, last: readonly Spec[]): Promise<string[]> {
  try {
    await project.write("program.json", JSON.stringify(last));
    await project.ok(...update);
    const names = (await thingsOf(project)).map((id) => id.split("-")[0]).sort();
    if (names.join() !== last.map(({ name }) => name).join()) return [`there is ${names.join()} in the end`];
    await project.ok(...update, "--expect-no-changes");
    await project.ok("destroy", "--yes", "--skip-preview");
    const left = await thingsOf(project);
    return left.length > 0 ? [`${left.join()} is left after everything was destroyed`] : (await look(project)).found;
  } catch (error) {
    return [messageOf(error)];
  }
}

async function thingsOf(project: TestProject): Promise<string[]> {
  const files = await readdir(project.path("things")).catch(() => []);
  return files.filter((file) => !file.startsWith("."));
}

function nameOf(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}
