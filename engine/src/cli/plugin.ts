/** `pulumi plugin ls|install|rm`. */
import { readdir, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import semver from "semver";
import { type InstalledPlugin, installedPlugins, installPlugin, pluginsFolder } from "../plugin/installed.ts";
import { UserError } from "../state/errors.ts";
import type { Session } from "./session.ts";
import { confirm, printJson, table } from "./terminal.ts";

const KINDS = ["analyzer", "language", "resource", "converter", "tool"];

interface Listed {
  readonly name: string;
  readonly kind: string;
  readonly version: string;
  readonly size: number;
  /** Of a provider that Pulumi.yaml names. */
  readonly path?: string;
  readonly installTime?: string;
}

export async function pluginList(session: Session): Promise<void> {
  const { providerPaths } = (await session.projectIfAny()) ?? { providerPaths: {} as Record<string, string> };
  const named = Object.entries(providerPaths).map(([name, path]) => ({
    name,
    kind: "resource",
    version: "",
    size: 0,
    path,
  }));
  const installed = session.flags.isOn("project") ? [] : await installedPlugins(pluginsFolder(session.environment));
  const plugins: Listed[] = [...named, ...(await Promise.all(installed.map(listed)))];
  if (session.flags.isOn("json")) return printJson(session.terminal, plugins);
  const rows = plugins.map(({ name, kind, version, size, path }) => [
    name,
    kind,
    version,
    `${size} B`,
    path ?? "installed",
  ]);
  session.terminal.out(table(["NAME", "KIND", "VERSION", "SIZE", "WHERE"], rows));
  session.terminal.line(`\nTOTAL plugin cache size: ${plugins.reduce((sum, { size }) => sum + size, 0)} B`);
}

async function listed({ name, kind, version, folder }: InstalledPlugin): Promise<Listed> {
  const files = await readdir(folder, { recursive: true });
  const found = await Promise.all(files.map((file) => stat(join(folder, file))));
  const size = found.reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
  return { name, kind, version, size, installTime: (await stat(folder)).mtime.toISOString() };
}

/** @throws UserError unless `--file` says where the plugin is */
export async function pluginInstall(session: Session): Promise<void> {
  const [kind, name, given] = session.args;
  const file = session.flags.text("file");
  if (kind !== undefined && !KINDS.includes(kind)) throw new UserError(`unrecognized plugin kind: ${kind}`);
  if (kind !== undefined && name === undefined) throw new UserError("missing plugin name argument");
  if (file === undefined) {
    throw new UserError(
      "the embedded engine downloads no plugins; 'pulumi plugin install KIND NAME VERSION --file FILE' takes one that is here",
    );
  }
  if (kind === undefined || name === undefined) {
    throw new UserError("--file (-f) is only valid if a specific package is being installed");
  }
  if (given === undefined) {
    throw new UserError("missing plugin version argument, this is required if installing from a file");
  }
  const version = semver.coerce(given, { includePrerelease: true })?.version;
  if (version === undefined) throw new UserError(`invalid plugin semver: ${given}`);
  if (!/^[A-Za-z0-9_-]+$/.test(name)) throw new UserError(`invalid plugin name: ${name}`);
  const source = resolve(session.directory, file);
  await stat(source).catch(() => {
    throw new UserError(`open ${file}: no such file or directory`);
  });
  session.terminal.error(`[${kind} plugin ${name}-${version}] installing`);
  await installPlugin(pluginsFolder(session.environment), { kind, name, version }, source);
}

export async function pluginRemove(session: Session): Promise<void> {
  const { terminal, flags } = session;
  const [kind, name, range] = session.args;
  if (kind !== undefined && !KINDS.includes(kind)) throw new UserError(`unrecognized plugin kind: ${kind}`);
  if (kind === undefined && !flags.isOn("all")) {
    throw new UserError("please pass --all if you'd like to remove all plugins");
  }
  if (range !== undefined && semver.validRange(range) === null) throw new UserError(`invalid plugin semver: ${range}`);
  const plugins = (await installedPlugins(pluginsFolder(session.environment))).filter(
    (plugin) =>
      (kind === undefined || plugin.kind === kind) &&
      (name === undefined || plugin.name === name) &&
      (range === undefined || semver.satisfies(plugin.version, range, { includePrerelease: true })),
  );
  if (plugins.length === 0) return terminal.error("no plugins found to uninstall");
  const many = plugins.map(({ name: one, version }) => `${one}-${version}`).join(", ");
  await confirm(terminal, flags.isOn("yes"), `This will remove ${many} from the cache.`, "yes");
  for (const plugin of plugins) {
    await rm(plugin.folder, { recursive: true });
    await rm(`${plugin.folder}.lock`, { force: true });
    terminal.line(`removed: ${plugin.kind} ${plugin.name}-${plugin.version}`);
  }
}
