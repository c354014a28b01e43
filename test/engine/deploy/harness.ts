import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { TestContext } from "node:test";
import * as kit from "../../../engine/src/testing/index.ts";
import { FakeProvider } from "./fake-provider.ts";

export type Deployed = kit.TestRun;

/** What programs of tests have besides the SDK. */
export const prelude = `import * as pulumi from "@pulumi/pulumi";
class Fake extends pulumi.CustomResource {
  constructor(name, args = {}, opts) { super("fake:index:Thing", name, { token: undefined, ...args }, opts); }
}
class Group extends pulumi.ComponentResource {
  constructor(name, opts) { super("fake:index:Group", name, {}, opts); }
}
class FakeAccount extends pulumi.ProviderResource {
  constructor(name, args, opts) { super("fake", name, args, opts); }
}
`;

/** The kit's stack, with the package `fake` and programs that are text and run by a process. */
export class TestStack extends kit.TestStack {
  readonly directory: string;

  private constructor(directory: string) {
    super({ root: directory, providers: { fake: () => new FakeProvider(this.world) } });
    this.directory = directory;
  }

  static async create(context: TestContext): Promise<TestStack> {
    const directory = await mkdtemp(path.join(import.meta.dirname, "program-"));
    context.after(() => rm(directory, { recursive: true, force: true }));
    await writeFile(path.join(directory, "package.json"), JSON.stringify({ type: "module", main: "index.js" }));
    return new TestStack(directory);
  }

  /** Runs a program (the body of a module that has `pulumi`, `Fake`, `Group` and `FakeAccount`). */
  override async up(program: string | kit.AnyProgram, options: kit.TestRunOptions = {}): Promise<Deployed> {
    if (typeof program !== "string") return super.up(program, options);
    await writeFile(path.join(this.directory, "index.js"), prelude + program);
    return super.up({ entry: ".", directory: this.directory, nodeArgs: [], typescript: false }, options);
  }

  override preview(program: string | kit.AnyProgram, options: kit.TestRunOptions = {}): Promise<Deployed> {
    return this.up(program, { ...options, dryRun: true });
  }
}
