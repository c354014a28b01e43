/** A Pulumi project in a folder of its own, and the embedded engine's command for it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { packageRoot } from "../../../lib/package-root.ts";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const bin = join(packageRoot(), "engine", "bin", "pulumi.mjs");

export class TestProject implements AsyncDisposable {
  /** Holds the project, the states and what Pulumi remembers of its user. */
  readonly folder: string;
  readonly environment: Record<string, string>;

  private constructor(folder: string) {
    this.folder = folder;
    this.environment = {
      PATH: [join(folder, "bin"), dirname(process.execPath), process.env.PATH ?? ""].join(delimiter),
      PULUMI_CLI: "embedded",
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_HOME: join(folder, "home"),
      PULUMI_CONFIG_PASSPHRASE: "test",
    };
  }

  /** @param files by their paths in the project; `Pulumi.yaml` and a module's package.json are there already */
  static async create(name: string, files: Readonly<Record<string, string>> = {}): Promise<TestProject> {
    const project = new TestProject(await mkdtemp(join(tmpdir(), "dynoform-cli-")));
    for (const folder of ["bin", "state", "project"]) await mkdir(join(project.folder, folder));
    await symlink(bin, join(project.folder, "bin", "pulumi"));
    await symlink(join(packageRoot(), "node_modules"), join(project.folder, "project", "node_modules"));
    const runtime = "runtime: { name: nodejs, options: { typescript: false } }";
    const basic = {
      "Pulumi.yaml": `name: ${name}\n${runtime}\nmain: index.ts\n`,
      "package.json": '{ "type": "module" }',
    };
    for (const [path, text] of Object.entries({ ...basic, ...files })) await project.write(path, text);
    return project;
  }

  path(...parts: string[]): string {
    return join(this.folder, "project", ...parts);
  }

  /** A file below the backend's folder. */
  state(...parts: string[]): string {
    return join(this.folder, "state", ".pulumi", ...parts);
  }

  async write(path: string, text: string): Promise<void> {
    const file = this.path(path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }

  /** @param input what stands on standard input; nothing by default */
  start(args: readonly string[], more: Readonly<Record<string, string>> = {}, input?: string): ChildProcess {
    const { PATH, ...environment } = this.environment;
    const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith("PULUMI_"));
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: this.path(),
      env: { ...Object.fromEntries(inherited), ...environment, ...(PATH === undefined ? {} : { PATH }), ...more },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    child.stdin?.end(input);
    return child;
  }

  run(args: readonly string[], more: Readonly<Record<string, string>> = {}, input?: string): Promise<Finished> {
    return finished(this.start(args, more, input));
  }

  /** Runs a command that must succeed. @returns what it printed */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} exited with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  async checkpoint(stack: string): Promise<string> {
    const [project] = /(?<=name: ).*/.exec(await readFile(this.path("Pulumi.yaml"), "utf8")) ?? [""];
    return readFile(this.state("stacks", project, `${stack}.json`), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function finished(child: ChildProcess): Promise<Finished> {
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...printed }));
  });
}

/** Resolves when the child has printed something that matches. */
export function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  let seen = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (text: Buffer | string) => {
      seen += text;
      if (pattern.test(seen)) resolve();
    });
    child.once("close", () => reject(new Error(`ended without printing ${pattern}:\n${seen}`)));
  });
}
