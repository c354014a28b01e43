/** Plugins that were installed on this machine: `$PULUMI_HOME/plugins/KIND-NAME-vVERSION`, as the real CLI keeps them. */
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import semver from "semver";
import { extract } from "tar-stream";
import { type Environment, pulumiHome } from "../state/workspace.ts";

export interface InstalledPlugin {
  /** "resource", "language", … */
  readonly kind: string;
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

export function pluginsFolder(environment: Environment): string {
  return path.join(pulumiHome(environment), "plugins");
}

/** By name, the newest version first. One that is being installed is not among them. */
export async function installedPlugins(folder: string): Promise<InstalledPlugin[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const plugins = names.flatMap((entry): InstalledPlugin[] => {
    const [, kind = "", name = "", version = ""] = /^([a-z]+)-(.+)-v(\d+\.\d+\.\d+.*)$/.exec(entry) ?? [];
    const partial = names.includes(`${entry}.partial`);
    return semver.valid(version) === null || partial ? [] : [{ kind, name, version, folder: path.join(folder, entry) }];
  });
  return plugins.sort((a, b) => (a.name === b.name ? semver.rcompare(a.version, b.version) : a.name < b.name ? -1 : 1));
}

/** The file that provides a package, of the version or the newest one; undefined when it is not installed. */
export async function installedProvider(folder: string, name: string, version: string): Promise<string | undefined> {
  const wanted = semver.parse(version)?.version;
  const plugins = await installedPlugins(folder);
  const found = plugins.find(
    (plugin) => plugin.kind === "resource" && plugin.name === name && (!wanted || plugin.version === wanted),
  );
  return found && path.join(found.folder, `pulumi-resource-${name}`);
}

/**
 * Installs a plugin in the place of one of the same version.
 *
 * @param source the executable, a folder that has it, or one packed as `.tar.gz`
 */
export async function installPlugin(plugins: string, plugin: Omit<InstalledPlugin, "folder">, source: string) {
  const { kind, name, version } = plugin;
  await mkdir(plugins, { recursive: true });
  // In the folder itself, so that it comes to its place in one piece.
  const made = await mkdtemp(path.join(plugins, ".installing-"));
  try {
    await chmod(made, 0o755);
    const executable = path.join(made, `pulumi-${kind}-${name}`);
    if ((await stat(source)).isDirectory()) await cp(source, made, { recursive: true });
    else if (/\.(tgz|tar\.gz)$/.test(source)) await unpack(source, made);
    else await cp(source, executable);
    const isFile = await stat(executable).then(
      (found) => found.isFile(),
      () => false,
    );
    if (!isFile) throw new Error(`${source} holds no executable ${path.basename(executable)}`);
    await chmod(executable, 0o755);
    const place = path.join(plugins, `${kind}-${name}-v${version}`);
    await rm(place, { recursive: true, force: true });
    await rename(made, place);
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

async function unpack(archive: string, folder: string): Promise<void> {
  const entries = extract();
  entries.on("entry", (header, stream, next) => {
    write(path.join(folder, path.join("/", header.name)), header, stream).then(() => next(), next);
  });
  await pipeline(createReadStream(archive), createGunzip(), entries);
}

/** Links and devices are left out: no plugin needs them, and they could lead elsewhere. */
async function write(
  place: string,
  { type, mode }: { type?: string | null; mode?: number },
  stream: AsyncIterable<unknown> & { resume(): unknown },
): Promise<void> {
  if (type === "directory") await mkdir(place, { recursive: true });
  if (type !== "file") {
    stream.resume();
    return;
  }
  await mkdir(path.dirname(place), { recursive: true });
  await pipeline(stream, createWriteStream(place, { mode: (mode ?? 0o644) & 0o777 }));
}
