import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, readlink, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../lib/package-root.ts";
import { addNamespace, removeNamespace } from "./network-namespace.ts";
import { type Finished, finish } from "./process.ts";

const run = promisify(execFile);

/** A Debian of its own in namespaces of this machine, with Node and npm and nothing else that we need. */
interface BareMachine extends AsyncDisposable {
  /** Its root file system, seen from here. */
  readonly root: string;
  /** Runs a command in it. */
  run(argv: readonly string[], options?: { cwd?: string }): Promise<Finished>;
}

/** Where the clone lies in the machine. */
const CLONE = "/srv/dynoform";

/** Its first process: adopts and reaps what others leave, such as dockerd. */
const INIT = "trap exit TERM; while :; do sleep 3600 & wait $!; done";

const ENVIRONMENT = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "HOME=/root",
  "NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
];

/** Makes the machine from Debian's packages and clones what is committed here into it. */
export async function bareMachine(): Promise<BareMachine> {
  const folder = await mkdtemp(join(tmpdir(), "bare-machine-"));
  const root = join(folder, "root");
  const namespace = `bare${process.pid}`;
  let init: ChildProcess | undefined;

  async function dispose() {
    init?.kill("SIGKILL"); // takes every process of its pid namespace with it
    await removeNamespace(namespace);
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await install(root);
    await run("git", ["clone", "--quiet", packageRoot(), join(root, CLONE)]);
    await addNamespace(namespace);
    const script = [
      "mount --make-rprivate /",
      'mount --bind "$0" "$0"',
      'mount --rbind /sys "$0/sys" && mount --rbind /dev "$0/dev"',
      'mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/run" && mount -t tmpfs tmpfs "$0/tmp"',
      `exec chroot "$0" bash -c '${INIT}'`,
    ].join(" && ");
    const inside = [
      "nsenter",
      `--net=/run/netns/${namespace}`,
      "unshare",
      "--mount",
      "--pid",
      "--fork",
      "--uts",
      "--ipc",
    ];
    const [command = "", ...args] = [...inside, "--kill-child", "sh", "-c", script, root];
    init = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
    const pid = await firstProcess(init.pid ?? 0);
    return {
      root,
      run(argv, { cwd = CLONE } = {}) {
        const enter = [
          "--target",
          String(pid),
          "--mount",
          "--pid",
          "--net",
          "--uts",
          "--ipc",
          "--root",
          `--wd=${root}${cwd}`,
        ];
        return finish(["nsenter", ...enter, "env", "-i", ...ENVIRONMENT, ...argv], "/");
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** The process that `unshare --fork` started: the only child it has. */
async function firstProcess(parent: number): Promise<number> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    for (const child of await children(parent)) {
      // Until it has changed its root, entering it would be entering this machine.
      if (child !== 0 && (await rootOf(child)) !== "/") return child;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("the bare machine did not start");
}

async function children(parent: number): Promise<number[]> {
  const text = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8").catch(() => "");
  return text.split(" ").filter(Boolean).map(Number);
}

async function rootOf(pid: number): Promise<string> {
  return readlink(`/proc/${pid}/root`).catch(() => "/");
}

/** Debian's minimum with git, and this machine's Node, npm, certificates and resolver. */
async function install(root: string): Promise<void> {
  await run("mmdebstrap", ["--quiet", "--variant=apt", "--include=ca-certificates,git", "bookworm", root]);
  const npm = dirname(dirname(await realpath(await which("npm"))));
  await cp(await realpath(await which("node")), join(root, "usr/bin/node"));
  await cp(npm, join(root, "usr/lib/node_modules/npm"), { recursive: true, verbatimSymlinks: true });
  for (const name of ["npm", "npx"])
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, "usr/bin", name));
  for (const file of ["/etc/ssl/certs/ca-certificates.crt", "/usr/local/share/ca-certificates", "/etc/resolv.conf"]) {
    await cp(file, join(root, file), { recursive: true, force: true, dereference: true });
  }
}

/** Where the machine's own `node` and `npm` are: ours come first on the PATH. */
async function which(command: string): Promise<string> {
  const folders = (process.env.PATH ?? "").split(":").filter((folder) => !folder.includes("node_modules"));
  for (const folder of folders) if (existsSync(join(folder, command))) return join(folder, command);
  throw new Error(`${command} is not on the PATH`);
}
