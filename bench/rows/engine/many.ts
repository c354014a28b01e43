import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../../lib/package-root.ts";
import { type Cost, costOf } from "./cost.ts";

/** One component for nine resources, each of which has an input from the one before. */
const PROGRAM = `const pulumi = require("@pulumi/pulumi");
class Group extends pulumi.ComponentResource {
  constructor(name) {
    super("many:index:Group", name);
    this.registerOutputs({ name });
  }
}
class Thing extends pulumi.CustomResource {
  constructor(name, args, options) {
    super("many:index:Thing", name, args, options);
  }
}
module.exports.declare = (resources) => {
  for (let group = 0; group < resources / 10; group++) {
    const parent = new Group("group-" + group);
    let last;
    for (let index = 0; index < 9; index++) {
      const args = { index, tags: { one: "1", two: "2" }, list: ["a", "b"], after: last?.id };
      last = new Thing("thing-" + group + "-" + index, args, { parent });
    }
  }
};
`;

/** Remembers nothing and does nothing. */
const PROVIDER = `export function createProvider() {
  return {
    name: "many",
    version: "1.0.0",
    supportsPreview: true,
    configure: async () => {},
    check: async ({ news }) => ({ inputs: news, failures: [] }),
    diff: async ({ oldInputs, news }) => ({ changes: JSON.stringify(oldInputs) !== JSON.stringify(news) }),
    create: async ({ name, inputs }) => ({ id: name, outputs: inputs }),
    read: async ({ id, outputs }) => ({ id, outputs }),
    update: async ({ news }) => news,
    delete: async () => {},
    invoke: async () => ({ outputs: {}, failures: [] }),
  };
}
`;

const OPERATIONS = {
  init: ["stack", "init", "dev"],
  secret: ["config", "set", "--secret", "key", "value"],
  up: ["up", "--yes", "--skip-preview"],
  preview: ["preview"],
  destroy: ["destroy", "--yes", "--skip-preview"],
};

export type Operation = keyof typeof OPERATIONS;

/** A stack of many resources, in a folder of its own. */
export class ManyResources implements AsyncDisposable {
  readonly folder: string;
  /** The real CLI's binary; undefined: the embedded engine. */
  readonly #real: string | undefined;
  readonly #backend: string;

  private constructor(folder: string, real: string | undefined, backend: string) {
    this.folder = folder;
    this.#real = real;
    this.#backend = backend;
  }

  /**
   * @param real the real CLI's binary, to run it on that
   * @param backend where the states are; in the folder by default
   */
  static async create(resources: number, real?: string, backend?: string): Promise<ManyResources> {
    const folder = await mkdtemp(join(tmpdir(), "dynoform-many-"));
    const many = new ManyResources(folder, real, backend ?? `file://${join(folder, "state")}`);
    const engine = join(packageRoot(), "engine", "src");
    for (const folder of ["state", "provider"]) await mkdir(join(many.folder, folder));
    const files = {
      "Pulumi.yaml": `name: many
runtime: { name: nodejs, options: { typescript: false } }
main: index.js
plugins: { providers: [{ name: many, path: ./provider }] }
`,
      "index.js": `require("./many.js").declare(${resources});\n`,
      "mocks.js": `const { runtime } = require("@pulumi/pulumi");
runtime.setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) });
require("./many.js").declare(${resources});
`,
      "many.js": PROGRAM,
      "provider/package.json": '{ "type": "module" }\n',
      "provider/index.ts": PROVIDER,
      "provider/pulumi-resource-many": `#!${process.execPath}
import { servePlugin } from ${JSON.stringify(join(engine, "plugin", "serve.ts"))};
import { createProvider } from "./index.ts";
await servePlugin(createProvider());
`,
    };
    for (const [path, text] of Object.entries(files)) await writeFile(join(many.folder, path), text);
    await chmod(join(many.folder, "provider", "pulumi-resource-many"), 0o755);
    await symlink(join(packageRoot(), "node_modules"), join(many.folder, "node_modules"));
    await many.run("init");
    return many;
  }

  run(operation: Operation): Promise<Cost> {
    const root = packageRoot();
    const command =
      this.#real === undefined
        ? [join(root, "engine", "bin", "pulumi.mjs")]
        : [join(root, "test", "real", "pulumi.ts"), this.#real];
    return this.#cost([...command, ...OPERATIONS[operation]], {
      PULUMI_CLI: "embedded",
      PULUMI_BACKEND_URL: this.#backend,
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_CONFIG_PASSPHRASE: "bench",
    });
  }

  /** The program on the SDK's mocks: no engine, no state, no other process. */
  mocked(): Promise<Cost> {
    return this.#cost(["mocks.js"], {});
  }

  /** Node with the SDK and nothing else. */
  sdk(): Promise<Cost> {
    return this.#cost(["--eval", 'require("@pulumi/pulumi")'], {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #cost(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Cost> {
    const variables = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
    return costOf(["env", ...variables, process.execPath, ...args], this.folder);
  }
}
