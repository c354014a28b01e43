import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import Docker from "dockerode";
import { pack } from "tar-stream";

const run = promisify(execFile);

/** Kept from run to run, like the base images of tests; its label tells whose it is. */
export const TEST_IMAGE = "dynoform-test/busybox:1";
const OWNER = "dynoform-test";
const APPLETS = ["sh", "sleep", "cat", "echo", "env", "httpd", "id", "ls", "nc", "nslookup", "test", "touch", "wget"];

/**
 * The id of a tiny image for containers whose content does not matter: Debian's static busybox and nothing else.
 * It is made when it is not there.
 */
export async function testImage(docker = new Docker()): Promise<string> {
  const existing = await docker.listImages({ filters: { reference: [TEST_IMAGE] } });
  if (existing[0]) return existing[0].Id;
  const tar = pack();
  tar.entry({ name: "bin/busybox", mode: 0o755 }, await staticBusybox());
  for (const applet of APPLETS) tar.entry({ name: `bin/${applet}`, type: "symlink", linkname: "busybox" });
  for (const folder of ["etc", "proc", "sys", "dev", "tmp"]) tar.entry({ name: folder, type: "directory" });
  tar.finalize();
  const [repo, tag] = TEST_IMAGE.split(":");
  const changes = [`LABEL dynoform.platform=${OWNER}`, "ENV PATH=/bin", 'CMD ["sleep", "3600"]'];
  const stream = await docker.importImage(Readable.from(tar), { repo, tag, changes });
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) => (error ? reject(error) : resolve()));
  });
  return (await docker.getImage(TEST_IMAGE).inspect()).Id;
}

async function staticBusybox(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "busybox-"));
  try {
    await run("apt-get", ["download", "-q", "busybox-static"], { cwd: folder });
    await run("sh", ["-c", 'dpkg-deb -x ./*.deb "$PWD"'], { cwd: folder });
    return await readFile(join(folder, "bin/busybox"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
