import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Provider } from "./contract.ts";
import { attachPlugin, type PluginEnvironment, startPlugin } from "./host.ts";
import { installedProvider, pluginsFolder } from "./installed.ts";

/** Where providers may come from, besides those that the engine brings. */
export interface ProviderSources {
  readonly given: Readonly<Record<string, () => Provider>>;
  /** Folders by package, from Pulumi.yaml. */
  readonly paths: Readonly<Record<string, string>>;
  readonly environment: PluginEnvironment;
}

interface ProviderModule {
  createProvider(): Provider;
}

/** The providers that the engine brings along. */
const own: Readonly<Record<string, () => Promise<ProviderModule>>> = {
  docker: () => import("../../providers/docker/index.ts"),
  github: () => import("../../providers/github/index.ts"),
  postgresql: () => import("../../providers/postgresql/index.ts"),
};

/**
 * Finds a package's provider: injected, under a debugger, by path, our own, the SDK's, on the PATH, or installed.
 *
 * @param version of an installed one; "" is the newest. All others are what they are
 */
export async function loadProvider(name: string, version: string, sources: ProviderSources): Promise<Provider> {
  const { given, paths, environment } = sources;
  const injected = given[name];
  if (injected) return injected();
  const attached = debugAddress(name);
  if (attached) return attachPlugin(name, attached, environment);
  const folder = paths[name];
  if (folder !== undefined) {
    const module = providerModule(folder);
    if (module) return inProcess(await importModule(module), environment);
    return startPlugin(name, path.join(folder, executable(name)), [], environment);
  }
  const load = own[name];
  if (load) return inProcess(await load(), environment);
  if (name === "pulumi-nodejs") {
    const require = createRequire(path.join(environment.programDirectory, "program.js"));
    const script = require.resolve("@pulumi/pulumi/cmd/dynamic-provider");
    return startPlugin(name, process.execPath, [script], environment);
  }
  const found = (process.env.PATH ?? "")
    .split(path.delimiter)
    .map((directory) => path.join(directory, executable(name)))
    .find((file) => existsSync(file));
  const installed = found ?? (await installedProvider(pluginsFolder(process.env), name, version));
  if (installed) return startPlugin(name, installed, [], environment);
  const which = version ? `"${name}" (version ${version})` : `"${name}"`;
  throw new Error(
    `there is no provider for the package ${which}: this engine brings docker, github and postgresql; others are named in ` +
      `Pulumi.yaml under plugins.providers, found on the PATH as ${executable(name)}, or installed by ` +
      `'pulumi plugin install resource ${name} ${version || "VERSION"} --file FILE'`,
  );
}

/** Plugins are started in the program's folder, so in this process too a relative path starts there. */
function inProcess(module: ProviderModule, { programDirectory }: PluginEnvironment): Provider {
  process.chdir(programDirectory);
  return module.createProvider();
}

function executable(name: string): string {
  return `pulumi-resource-${name}`;
}

/** Node strips types, but not below node_modules, where a package has its built files. */
function providerModule(folder: string): string | undefined {
  const built = folder.split(path.sep).includes("node_modules");
  return (built ? ["index.js"] : ["index.ts", "index.js"])
    .map((file) => path.join(folder, file))
    .find((file) => existsSync(file));
}

async function importModule(file: string): Promise<ProviderModule> {
  const module: Partial<ProviderModule> = await import(pathToFileURL(file).href);
  if (typeof module.createProvider !== "function") throw new Error(`${file} does not export createProvider`);
  return { createProvider: module.createProvider };
}

/** PULUMI_DEBUG_PROVIDERS="name:port,…" has providers that run already. */
function debugAddress(name: string): string | undefined {
  for (const item of (process.env.PULUMI_DEBUG_PROVIDERS ?? "").split(",")) {
    const [provider, port] = item.split(":");
    if (provider?.trim() === name && port) return `127.0.0.1:${port.trim()}`;
  }
  return undefined;
}
