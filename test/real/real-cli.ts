import { execFile } from "node:child_process";
import { access, chmod, constants, copyFile, mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../lib/package-root.ts";

const run = promisify(execFile);

/** As pinned in cli/go.mod. */
const VERSION = "v3.256.0";
const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";

/** The binary of the pinned CLI, where this machine keeps it. */
const binary = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "dynoform", `pulumi-${VERSION}`);

/** The path of the pinned CLI's binary if it has been built. */
export async function realCliIfBuilt(): Promise<string | undefined> {
  return await access(binary).then(
    () => binary,
    () => undefined,
  );
}

/** Builds the pinned CLI from its Go module, once a machine (6 minutes, 2 GB of modules); gives the binary's path. */
export async function realCli(say: (line: string) => void): Promise<string> {
  const built = await realCliIfBuilt();
  if (built !== undefined) return built;
  await run("go", ["version"]).catch(() => {
    throw new Error("Go is not installed: it builds the Pulumi CLI that these tests compare with (https://go.dev/dl)");
  });
  say(`building the Pulumi CLI ${VERSION} from its Go module (about 6 minutes)`);
  const version = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${VERSION}`;
  await mkdir(dirname(binary), { recursive: true });
  await run("go", ["build", "-mod=readonly", "-ldflags", `-s -w ${version}`, "-o", binary, PACKAGE], {
    cwd: join(packageRoot(), "test", "real", "cli"),
    maxBuffer: 64 * 1024 * 1024,
  });
  return binary;
}

/** A folder with a command `pulumi` that is the real CLI with a host for programs in Node; for the PATH, of a runner too. */
export async function realCliFolder(binary: string, folder: string): Promise<string> {
  const wrapper = join(packageRoot(), "test", "real", "pulumi.ts");
  const path = join(folder, "pulumi");
  await mkdir(folder, { recursive: true });
  // A runner has this folder of the host's, and not the one where the machine keeps what was built.
  const own = join(folder, "real-pulumi");
  await copyFile(binary, own, constants.COPYFILE_FICLONE);
  const argv = JSON.stringify([wrapper, own]);
  await writeFile(
    path,
    `#!${process.execPath}
import { spawnSync } from "node:child_process";
const ended = spawnSync(process.execPath, [...${argv}, ...process.argv.slice(2)], { stdio: "inherit" });
process.exit(ended.status ?? 1);
`,
  );
  await chmod(path, 0o755);
  return folder;
}
