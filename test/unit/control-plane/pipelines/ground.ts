import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { Journal } from "../../../../services/control-plane/apps/journal.ts";
import { QueueLock } from "../../../../services/control-plane/apps/lock.ts";
import { StackChanges } from "../../../../services/control-plane/apps/stack-changes.ts";
import type { DeclaredLink } from "../../../../services/control-plane/github/ports.ts";
import { declaredPipelines } from "../../../../services/control-plane/pipelines/declared.ts";
import { PipelineOutputsReader } from "../../../../services/control-plane/pipelines/outputs.ts";
import { PlatformPipelines } from "../../../../services/control-plane/pipelines/pipelines.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import type { Outcome } from "../../../../services/stacks/engine.ts";
import { Runs } from "../apps/ground.ts";

/** Pipelines whose stack files lie in a folder, with a runner that does nothing but note what it is to do. */
export async function pipelineGround(ends: (Outcome | Error)[] = []) {
  const project = await mkdtemp(join(tmpdir(), "pipelines-"));
  const stacks = join(project, "stacks");
  await mkdir(stacks);
  await writeFile(join(project, "Pulumi.yaml"), "name: test\nruntime: nodejs\nstackConfigDir: stacks\n");
  await writeFile(join(stacks, "Pulumi.platform.yaml"), "config:\n  dynoform:platform: { name: test }\n");
  const store = openStore(":memory:");
  const journal = new Journal(store, () => 1000);
  const runs = new Runs(stacks, ends);
  const sealed = new Map<string, string>();
  const runner = {
    ...runs.runner,
    // As the command does it, so that the file's copy says what it was given.
    async pulumi(args: readonly string[], input = "") {
      const [, key = "", name = ""] = /^(dynoform:[\w-]+)\["(\w+)"\]$/.exec(args[4] ?? "") ?? [];
      const copy = args[6] ?? "";
      const secure = `v1:${sealed.size}`;
      sealed.set(secure, input.trimEnd());
      const text = (await readFile(copy, "utf8")).replace(new RegExp(`\\n {2}${key}:[^\\n]*(\\n {4}[^\\n]*)*`), "");
      await writeFile(copy, `${text.trimEnd()}\n  ${key}: { ${name}: { secure: "${secure}" } }\n`);
      return "";
    },
  };
  const platform = "test";
  const textOf = (stack: string) => readFile(join(stacks, `Pulumi.${stack}.yaml`), "utf8").catch(() => undefined);
  const told: string[] = [];
  const link = (name: string): DeclaredLink => {
    const stack = `${name.split("/")[1]}.github`;
    return { stack, path: "", repository: name, baseUrl: "https://github.com", mode: "auto", apps: {} };
  };
  const links = new Map<string, DeclaredLink>();
  const pipelines = new PlatformPipelines({
    file: { project, platform, runner, scratch: join(project, "scratch") },
    list: () => declaredPipelines({ project, platform, firstSeen: (stack) => journal.firstSeen(stack) }),
    changes: new StackChanges({
      of: "pipeline",
      project,
      journal,
      runner,
      platform,
      directory: project,
      made: async ({ kind, app }) => void told.push(`${kind} ${app}`),
    }),
    lock: new QueueLock(),
    outputs: new PipelineOutputsReader({
      async outputs(stack) {
        const config = parse((await textOf(stack)) ?? "")?.config ?? {};
        const plain = (values: Record<string, { secure: string }> = {}) =>
          Object.fromEntries(Object.entries(values).map(([name, { secure }]) => [name, sealed.get(secure)]));
        return {
          reviewConfig: plain(config["dynoform:review-config"]),
          testConfig: plain(config["dynoform:test-config"]),
        };
      },
      written: async () => runs.begun.length,
    }),
    links: {
      list: async () => [...links.values()],
      async take(name, _by, _act, work) {
        const made = link(name);
        links.set(made.stack, made);
        await work(made);
        return made;
      },
      async give(stack, _act, work) {
        await work();
        links.delete(stack);
      },
      repository: async () => ({}) as never,
    },
    making: (id, owner) => void told.push(`making ${id.replace(/-\w{8}$/, "")} for ${owner}`),
    gone: ({ name }) => void told.push(`${name} is gone`),
  });
  return {
    pipelines,
    runs,
    told,
    links,
    journal,
    textOf,
    project,
    async [Symbol.asyncDispose]() {
      store.close();
      await rm(project, { recursive: true, force: true });
    },
  };
}
