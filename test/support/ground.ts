import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { findRemainder, remove } from "../../cli/remainder.ts";
import { addresses } from "../../model/platform/addresses.ts";
import { freePorts, hold } from "./free-port.ts";
import { keepPackages } from "./images.ts";

/** What a platform of a test stands on. Disposing it removes whatever in Docker carries its name, and its folder. */
export interface TestGround extends AsyncDisposable {
  /** The platform's name. */
  readonly name: string;
  /** A folder of its own. */
  readonly directory: string;
  readonly ports: { readonly web: number; readonly https: number; readonly postgres: number; readonly api: number };
  readonly docker: Docker;
}

/**
 * Makes a name, a folder and ports for a platform. From then on this process and its children have a
 * runtime directory and a `PULUMI_HOME` in that folder, and nothing of what the user has set for Pulumi.
 */
export async function testGround(): Promise<TestGround> {
  const { name, claim } = await claimName();
  const directory = await mkdtemp(join(tmpdir(), "dynoform-test-"));
  for (const variable of Object.keys(process.env)) if (variable.startsWith("PULUMI_")) delete process.env[variable];
  process.env.DYNOFORM_HOME = join(directory, "home");
  process.env.PULUMI_HOME = join(directory, ".pulumi");
  // Compiling uWSGI for every app of every test would take longer than all tests together.
  process.env.DYNOFORM_SHARE_PACKAGES = "1";
  const docker = new Docker();
  const [web = 0, https = 0, postgres = 0, api = 0] = await freePorts(4);
  return {
    name,
    directory,
    ports: { web, https, postgres, api },
    docker,
    async [Symbol.asyncDispose]() {
      await keepPackages(docker, name);
      await remove(docker, await findRemainder(docker, name));
      await rm(directory, { recursive: true, force: true });
      claim.close();
    },
  };
}

/** Listened on while a platform has a subnet: the port is this and the subnet's number. */
const CLAIMS = 17_000;

/** A name whose subnet no other test on this machine has at the moment. */
async function claimName(): Promise<{ name: string; claim: Server }> {
  for (;;) {
    const name = `test-${process.pid.toString(36)}${Math.random().toString(36).slice(2, 6)}`;
    const claim = await hold(CLAIMS + Number(addresses(name).subnet.split(".")[1]));
    if (claim !== undefined) return { name, claim: claim.unref() };
  }
}
