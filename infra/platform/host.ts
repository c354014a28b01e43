import { accessSync, constants, existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { packageRoot } from "../../lib/package-root.ts";
import { platformDirectory } from "../../model/platform/addresses.ts";
import { nodePath } from "../../model/platform/code.ts";
import { pulumiHome } from "../../model/platform/directories.ts";

/** A folder or file of the host that a container has at the same path. */
export interface Shared {
  readonly path: string;
  readonly readOnly: boolean;
}

/**
 * Environment variables that change what an `up` makes, handed on as they are. PULUMI_CLI is none: which engine
 * runs may differ from one `up` to the next, and pulumi.env says it for all.
 */
const HANDED_ON = ["DYNOFORM_SHARE_PACKAGES", "DYNOFORM_BUILD_EGRESS", "UV_PYTHON_INSTALL_MIRROR", "DOCKER_HOST"];

/** Where state and passphrase lie, when not in the project. The passphrase itself is not handed on. */
const BACKEND = ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE"];

const DEFAULT_SOCKET = "/var/run/docker.sock";
const SYSTEM_FOLDERS = ["/bin", "/sbin", "/usr/bin", "/usr/sbin"];
const SYSTEM_PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

// All of these must come out the same on the host and in the runner: they are inputs of the platform's containers, and
// an `up` runs in either place.

/** The folder of Pulumi.yaml at or above the program's. */
export function projectDirectory(): string {
  const start = process.cwd();
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "Pulumi.yaml"))) return folder;
    if (folder === dirname(folder)) return start;
  }
}

/** Docker's socket: that of `DOCKER_HOST`, or the usual one. */
export function dockerSocket(): string {
  const [, path] = /^unix:\/\/(\/.+)$/.exec(process.env.DOCKER_HOST ?? "") ?? [];
  return path ?? DEFAULT_SOCKET;
}

/** The group that may use Docker's socket. */
export function dockerGroup(): string {
  return String(statSync(dockerSocket(), { throwIfNoEntry: false })?.gid ?? 0);
}

/** `uid:gid` of a folder, or of this process while setup has not made it. */
export function ownerOf(directory: string): string {
  const stats = statSync(directory, { throwIfNoEntry: false });
  const { uid, gid } = stats ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return `${uid}:${gid}`;
}

/** Our package with what it depends on, read-only. */
export function packageFolders(): Shared[] {
  const folders = [nodeModules(realpathSync(packageRoot())), nodeModules(dirname(dirname(realpathSync(nodePath()))))];
  return folders.map((path) => ({ path, readOnly: true }));
}

/** A package among others needs all of them: its outermost node_modules. A checkout is a folder of its own. */
function nodeModules(folder: string): string {
  const [outside, ...inside] = folder.split(`${sep}node_modules`);
  return inside.length === 0 ? folder : `${outside}${sep}node_modules`;
}

/** Where the runtime directories of all platforms lie. */
export function dynoformHome(): string {
  return dirname(platformDirectory("any"));
}

/** The state and the passphrase file that lie outside of the project. */
export function backendFolders(): Shared[] {
  const { PULUMI_BACKEND_URL: url = "", PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
  const paths = [
    ...(url.startsWith("file:///") ? [fileURLToPath(url.replace(/\?.*$/, ""))] : []),
    ...(file === undefined || file === "" ? [] : [file]),
  ];
  return paths.filter((path) => existsSync(path)).map((path) => ({ path, readOnly: false }));
}

/** Where Git keeps the repository that a folder lies in, if that is not below it: of a worktree, all there are. */
export function repositoryFolders(folder: string): string[] {
  for (let top = folder; ; top = dirname(top)) {
    const git = join(top, ".git");
    const stats = statSync(git, { throwIfNoEntry: false });
    if (stats?.isDirectory()) return top === folder ? [] : [git];
    const [, own] = stats === undefined ? [] : (/^gitdir: (.+)$/m.exec(readFileSync(git, "utf8")) ?? []);
    if (own !== undefined) {
      const directory = resolve(top, own);
      const common = join(directory, "commondir");
      const shared = existsSync(common) ? resolve(directory, readFileSync(common, "utf8").trim()) : directory;
      return [git, shared];
    }
    if (top === dirname(top)) return [];
  }
}

/** The real CLI of the host, if there is one: what our `pulumi` command hands over to. */
export function realPulumi(): Shared[] {
  const folder = realPulumiFolder();
  if (folder === undefined) return [];
  if (!SYSTEM_FOLDERS.includes(folder)) return [{ path: folder, readOnly: true }];
  // The container has its own programs there.
  const files = readdirSync(folder).filter((name) => /^pulumi(-|$)/.test(name));
  return files.map((name) => ({ path: join(folder, name), readOnly: true }));
}

function realPulumiFolder(): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    try {
      const candidate = realpathSync(join(folder, "pulumi"));
      accessSync(candidate, constants.X_OK);
      if (!candidate.endsWith(join("engine", "bin", "pulumi.mjs"))) return dirname(candidate);
    } catch {
      // none there
    }
  }
  return undefined;
}

/** What a program of ours finds in its environment on the host, and must find in a container. */
export function hostEnvironment(): Record<string, string> {
  const pulumi = realPulumiFolder();
  const path = [dirname(nodePath()), ...(pulumi === undefined ? [] : [pulumi]), ...SYSTEM_PATH];
  const handedOn = HANDED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined || value === "" ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(handedOn),
    DYNOFORM_HOME: dynoformHome(),
    HOME: homedir(),
    PATH: [...new Set(path)].join(delimiter),
    PULUMI_HOME: pulumiHome(),
  };
}

/**
 * Where state and passphrase lie, unless that is in the project, where pulumi.env says it. A database's URL is in that
 * file alone: it has a password, and Docker shows a container's settings.
 */
export function backendEnvironment(project: string): Record<string, string> {
  const named = BACKEND.map((name) => [name, process.env[name] ?? ""] as const);
  return Object.fromEntries(
    named.filter(([, value]) => value !== "" && !value.startsWith("postgres://") && !value.includes(`${project}/`)),
  );
}

/** Mounts for Docker, sorted by path: each path once, and none that would be there anyway. */
export function mounts(shared: readonly Shared[]): { containerPath: string; hostPath: string; readOnly?: true }[] {
  const readOnly = new Map<string, boolean>();
  for (const one of shared) readOnly.set(one.path, one.readOnly && (readOnly.get(one.path) ?? true));
  const around = (path: string) => {
    for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
      if (readOnly.has(folder)) return readOnly.get(folder);
    }
    return undefined;
  };
  return [...readOnly]
    .filter(([path, only]) => around(path) !== only)
    .map(([path, only]) => ({ hostPath: path, containerPath: path, ...(only && { readOnly: true as const }) }))
    .sort((a, b) => (a.hostPath < b.hostPath ? -1 : 1));
}
