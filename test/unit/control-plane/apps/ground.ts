import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Apps, type AppsOptions } from "../../../../services/control-plane/apps/apps.ts";
import { Journal } from "../../../../services/control-plane/apps/journal.ts";
import { QueueLock } from "../../../../services/control-plane/apps/lock.ts";
import { RunFailed } from "../../../../services/control-plane/runs/runner.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import type { Outcome } from "../../../../services/stacks/engine.ts";

export const BEFORE = "config:\n  dynoform:app:\n    formation: { web: { quantity: 1 } } # one\n";
const PLATFORM = "config:\n  dynoform:platform: { name: test }\n";
const OTHER = "config:\n  dynoform:app: { platform: elsewhere }\n";

export const act = { user: "ada@example.com", description: "Scaled to web@2:Free" };
export const done: Outcome = { changes: { same: 1, create: 1 }, steps: [], outputs: {}, warnings: [] };
export const broken = new RunFailed("failed", "a dyno crashed");

/** The runs there were, each with what the stack's file said when it began; `ends` says how they end, in order. */
export class Runs {
  readonly begun: {
    readonly verb: string;
    readonly id: string;
    readonly description: string;
    readonly text: string;
  }[] = [];
  readonly found = new Map<string, Outcome | Error>();
  readonly ends: (Outcome | Error)[];
  readonly #stacks: string;

  constructor(stacks: string, ends: (Outcome | Error)[]) {
    this.#stacks = stacks;
    this.ends = ends;
  }

  get runner(): AppsOptions["runner"] {
    const run =
      (verb: string): AppsOptions["runner"]["up"] =>
      async (stack, { description }, { id = "", display } = {}) => {
        const path = join(this.#stacks, `Pulumi.${stack}.yaml`);
        const text = await readFile(path, "utf8").catch(() => "");
        this.begun.push({ verb, id, description, text });
        display?.("Updating\n");
        // As the runner does it: salt and key come with the stack.
        if (verb === "create") await writeFile(path, `encryptionsalt: v1:salt\n${text}`);
        const end = this.ends.shift() ?? done;
        // Any other error is one of a run that never began.
        if (!(end instanceof Error) || end instanceof RunFailed) this.found.set(id, end);
        return settled(end);
      };
    return {
      up: run("up"),
      create: run("create"),
      destroy: run("destroy"),
      preview: async (what, stack, { description }, { settings = "", display }) => {
        const text = settings === "" ? "" : await readFile(settings, "utf8");
        this.begun.push({ verb: `preview-${what}`, id: stack, description, text });
        display?.("Previewing\n");
        return settled(this.ends.shift() ?? done);
      },
      // As the command does it, so that the file's copy says what it was given.
      pulumi: async (args, input = "") => {
        const key = /^dynoform:config\["(\w+)"\]$/.exec(args[4] ?? "")?.[1];
        const copy = args[6] ?? "";
        const text = await readFile(copy, "utf8");
        await writeFile(copy, `${text}  dynoform:config: { ${key}: { secure: "v1:${input.trimEnd()}" } }\n`);
        return "";
      },
      find: async (id) => {
        const end = this.found.get(id);
        const record = end instanceof RunFailed ? { state: end.state, reason: end.reason } : { state: "succeeded" };
        return end === undefined ? undefined : ({ record } as never);
      },
      follow: async (id) => settled(this.found.get(id) ?? new Error("no such run")),
      log: async (id) => (this.found.has(id) ? "Updating\n" : ""),
    };
  }
}

async function settled(end: Outcome | Error): Promise<Outcome> {
  if (end instanceof Error) throw end;
  return end;
}

/** What a test of `Apps` works with: a project with the app `shop`. */
interface Ground {
  readonly apps: Apps;
  readonly journal: Journal;
  readonly runs: Runs;
  /** The stack file of `shop`. */
  readonly path: string;
  /** What a stack's file says; undefined: there is none. */
  readonly textOf: (stack: string) => Promise<string | undefined>;
  /** That of `shop`. */
  readonly text: () => Promise<string | undefined>;
  /** What a follower of the apps was told. */
  readonly told: string[];
  readonly problems: string[];
  /** Changes that were made commits. */
  readonly committed: string[];
}

export async function withApps(ends: (Outcome | Error)[], work: (it: Ground) => Promise<void>): Promise<void> {
  const project = await mkdtemp(join(tmpdir(), "apps-"));
  const store = openStore(":memory:");
  try {
    const stacks = join(project, "stacks");
    await mkdir(stacks);
    await writeFile(join(project, "Pulumi.yaml"), "name: test\nruntime: nodejs\nstackConfigDir: stacks\n");
    const path = join(stacks, "Pulumi.shop.yaml");
    await writeFile(path, BEFORE);
    await writeFile(join(stacks, "Pulumi.platform.yaml"), PLATFORM);
    await writeFile(join(stacks, "Pulumi.far.yaml"), OTHER);
    const runs = new Runs(stacks, ends);
    const journal = new Journal(store, () => 1000);
    const problems: string[] = [];
    const committed: string[] = [];
    const apps = new Apps({
      project,
      platform: "test",
      directory: join(project, "home"),
      domain: "localhost",
      webPort: 8080,
      journal,
      runner: runs.runner,
      lock: new QueueLock(),
      scratch: join(project, "scratch"),
      sizes: async () => ({ slug: null, repository: null }),
      commits: { commit: async ({ kind, app }, { user }) => void committed.push(`${kind} ${app} by ${user}`) },
      report: (problem) => problems.push(problem),
    });
    const told: string[] = [];
    apps.follow({
      making: ({ name }, owner) => void told.push(`making ${name} for ${owner}`),
      renamed: ({ name, id }, to) => void told.push(`${name} (${id}) is ${to}`),
      gone: ({ name }) => void told.push(`${name} is gone`),
    });
    const textOf = (stack: string) => readFile(join(stacks, `Pulumi.${stack}.yaml`), "utf8").catch(() => undefined);
    await work({ apps, journal, runs, path, textOf, text: () => textOf("shop"), told, problems, committed });
  } finally {
    store.close();
    await rm(project, { recursive: true, force: true });
  }
}
