/**
 * Loaded into a program's process before Pulumi's SDK, which loads much that few programs need: half of the time to
 * the first resource went there. What is named here is loaded when it is first used, and the SDK's own files are not
 * translated back to their TypeScript in stack traces, of which every resource takes one. With another version of the
 * SDK whatever is not found stays as it is.
 *
 * Then it loads the SDK and waits on standard input for what the program is to be told (`ProgramStart`).
 */
import { readFileSync } from "node:fs";
import Module, { createRequire, setSourceMapsSupport } from "node:module";
import type { ProgramStart } from "./program-process.ts";
import { type Log, logNoDebugging, traceNoPromises } from "./program-thrift.ts";

type Load = (request: string, parent: { readonly filename?: string } | undefined, isMain: boolean) => object;

/** Of the SDK's own files: the Automation API, and what it needs to serialise functions. */
const whenUsed = new Set(["./automation", "@npmcli/arborist", "normalize-package-data", "../../typescript-shim"]);

/** What `cmd/run` does at once, and what is done instead. */
const instead = new Map<string, object>([
  // A debugger, which hears of every script: functions are serialised without it, and their files named in no message.
  ["../../runtime/closure/v8Hooks", { isInitializedAsync: async () => {} }],
  // Formats every stack trace, of which each resource takes one, by JavaScript; Node does it by itself.
  ["source-map-support/register", {}],
]);

const loader = Module as unknown as { _load: Load };
const load = loader._load;
loader._load = function (this: unknown, request, parent, isMain) {
  const from = parent?.filename?.replaceAll("\\", "/") ?? "";
  const now = () => load.call(this, request, parent, isMain);
  if (from.endsWith("/@pulumi/pulumi/cmd/run/index.js")) {
    if (request !== "./run") return instead.get(request) ?? now();
    const run = now();
    // The program comes next: nothing of this is to stand in its stack traces, which states keep.
    loader._load = load;
    return run;
  }
  if (from.endsWith("/@pulumi/pulumi/cmd/run/tracing.js")) {
    // It takes functions and classes from each of the others right away.
    const used = !request.startsWith("@opentelemetry/") || request === "@opentelemetry/api";
    return used ? now() : deferred(now, (key) => deferred(() => Reflect.get(now(), key) as object));
  }
  return whenUsed.has(request) && from.includes("/@pulumi/pulumi/") ? deferred(now) : now();
};

/** Stands for a module, a function or a class until something is asked of it. */
function deferred(get: () => object, property = (key: PropertyKey): unknown => Reflect.get(get(), key)): object {
  // Can be called and constructed, and has no property that may not be replaced.
  return new Proxy((() => {}).bind(undefined), {
    // An ES module to TypeScript's helpers, which would copy everything else.
    get: (_, key) => (key === "__esModule" ? true : key === "default" ? get() : property(key)),
    apply: (_, self, args) => Reflect.apply(get() as () => unknown, self, args),
    construct: (_, args) => Reflect.construct(get() as new () => object, args),
    has: (_, key) => key in get(),
    ownKeys: () => Reflect.ownKeys(get()),
    getOwnPropertyDescriptor: (_, key) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(get(), key);
      return descriptor && { ...descriptor, configurable: true };
    },
  });
}

setSourceMapsSupport(true, { nodeModules: false });

const sdk = createRequire(process.argv[1] ?? "");
let log: Log | undefined;
try {
  // First what changes gRPC before it is loaded.
  sdk("./instrumentation");
  sdk("../..");
  log = sdk("../../log") as Log;
  traceNoPromises(sdk("../../runtime/debuggable"));
  if (process.env.PULUMI_NODEJS_TYPESCRIPT === "true") formatWhenCompiled(sdk("../../vendor/ts-node@7.0.1"));
  for (const module of ["minimist", "ini", "../../runtime/manifest", "./error"]) sdk(module);
} catch {
  // Another version of the SDK, or a broken one, which will say so itself.
}

interface TypeScriptNode {
  register(options: object): { readonly extensions: readonly string[] };
}

/**
 * Has ts-node format stack traces from the first file on that it compiles, not from the start: a program in JavaScript
 * has none, and each of its resources takes a trace.
 */
function formatWhenCompiled(tsNode: TypeScriptNode): void {
  const { register } = tsNode;
  tsNode.register = (options) => {
    const before = Error.prepareStackTrace;
    const registered = register(options);
    const format = Error.prepareStackTrace;
    Error.prepareStackTrace = before;
    const { extensions } = createRequire(import.meta.url);
    for (const extension of registered.extensions) {
      const compile = extensions[extension];
      if (!compile) continue;
      extensions[extension] = (module, file) => {
        extensions[extension] = compile;
        if (!file.includes("/node_modules/")) Error.prepareStackTrace = format;
        compile(module, file);
      };
    }
    return registered;
  };
}

const told = readFileSync(0, "utf8");
// Whoever was to tell it has ended.
if (told === "") process.exit(1);
const { args, env, debug }: ProgramStart = JSON.parse(told);
process.argv.push(...args);
Object.assign(process.env, env);
if (log !== undefined && !debug) logNoDebugging(log);
