import { type ChildProcess, execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../../lib/package-root.ts";
import { type Finished, finished, TestProject } from "../cli/harness.ts";

const run = promisify(execFile);

/** Things whose every act is a line of a file. The act with the number HOLD does not end. */
const PROVIDER = `import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
const act = async (what, name) => {
  appendFileSync(process.env.ACTS, what + " " + name + "\\n");
  const done = readFileSync(process.env.ACTS, "utf8").split("\\n").length - 1;
  if (done === Number(process.env.HOLD)) await setTimeout(600_000);
};
export const createProvider = () => ({
  name: "thing",
  version: "1.0.0",
  configure: async () => {},
  check: async ({ news }) => ({ inputs: news }),
  diff: async ({ oldInputs, news }) => ({
    changes: JSON.stringify(oldInputs) !== JSON.stringify(news),
    diffs: ["kind", "value"].filter((key) => oldInputs[key] !== news[key]),
    replaces: oldInputs.kind === news.kind ? [] : ["kind"],
  }),
  create: async ({ name, inputs, preview }) => {
    if (!preview) await act("create", name);
    return { id: name, outputs: inputs };
  },
  read: async ({ id, inputs, outputs }) => ({ id, inputs, outputs }),
  update: async ({ name, news, preview }) => {
    if (!preview) await act("update", name);
    return news;
  },
  delete: async ({ name }) => act("delete", name),
  invoke: async () => ({ outputs: {} }),
  recover: async () => undefined,
});
`;

const PROGRAM = `import { Config, CustomResource } from "@pulumi/pulumi";
const { things = {}, broken } = { things: new Config("shop").getObject("things"), broken: new Config("shop").get("broken") };
if (broken) throw new Error(broken);
let last;
for (const [name, args] of Object.entries(things)) {
  last = new CustomResource("thing:index:Thing", name, args, { dependsOn: last ? [last] : [] });
}
`;

/** A repository with a project of four stacks, and the `dynoform` command in it. */
export async function ground() {
  const project = await TestProject.create("shop", {
    "Pulumi.yaml": `name: shop
runtime: { name: nodejs, options: { typescript: false } }
main: index.ts
plugins: { providers: [{ name: thing, path: ./provider }] }
`,
    "provider/index.ts": PROVIDER,
    "index.ts": PROGRAM,
    ".gitignore": "node_modules\n",
  });
  const acts = join(project.folder, "acts");
  await writeFile(acts, "");
  const env = { ...project.environment, ACTS: acts };
  const git = async (...args: readonly string[]) => {
    const identity = ["-c", "user.name=Octo", "-c", "user.email=octo@example.com", "-c", "commit.gpgsign=false"];
    return (await run("git", [...identity, ...args], { cwd: project.path() })).stdout.trim();
  };
  await git("init", "-q", "-b", "main");
  const inherited = Object.entries(process.env).filter(([key]) => !/^(PULUMI|GITHUB|CI|GITLAB)_/.test(key));
  return {
    project,
    acts,
    git,
    async commit(files: Readonly<Record<string, string>>) {
      for (const [path, text] of Object.entries(files)) await project.write(path, text);
      await git("add", "-A");
      await git("commit", "-q", "-m", "change");
      return git("rev-parse", "HEAD");
    },
    start(args: readonly string[], more: Readonly<Record<string, string>> = {}): ChildProcess {
      return spawn(process.execPath, [join(packageRoot(), "cli", "main.ts"), "ci", ...args], {
        cwd: project.path(),
        env: { ...Object.fromEntries(inherited), ...env, ...more },
        stdio: ["ignore", "pipe", "pipe"],
        // A group of its own, so that all of it can be killed at once.
        detached: true,
      });
    },
    run(args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Finished> {
      return finished(this.start(args, more));
    },
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  };
}

/** A stack file with things by their names, each with a value. */
export function stackFile(things: Readonly<Record<string, object>>): string {
  return `config:\n  shop:things: ${JSON.stringify(things)}\n`;
}
