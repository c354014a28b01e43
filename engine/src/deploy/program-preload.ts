/**
 * Loaded into a program's process before Pulumi's SDK, which loads much that few programs need: half of the time to
 * the first resource went there. What is named here is loaded when it is first used, and the SDK's own files are not
 * translated back to their TypeScript in stack traces, of which every resource takes one. With another version of the
 * SDK whatever is not found stays as it is.
 */
import Module, { createRequire } from "node:module";

type Load = (request: string, parent: { readonly filename?: string } | undefined, isMain: boolean) => object;

/** Of the SDK's own files: the Automation API, and what it needs to serialise functions. */
const whenUsed = new Set(["./automation", "@npmcli/arborist", "normalize-package-data", "../../typescript-shim"]);

const loader = Module as unknown as { _load: Load };
const load = loader._load;
loader._load = function (this: unknown, request, parent, isMain) {
  const from = parent?.filename?.replaceAll("\\", "/") ?? "";
  const now = () => load.call(this, request, parent, isMain);
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

/** Says that the code is its own source. */
const NO_MAP = { url: "", map: '{"version":3,"sources":[],"names":[],"mappings":""}' };

try {
  createRequire(process.argv[1] ?? "")("source-map-support").install({
    retrieveSourceMap: (source: string) => (source.includes("/node_modules/") ? NO_MAP : null),
  });
} catch {
  // This SDK has no such package.
}
