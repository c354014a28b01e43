import type Docker from "dockerode";
import {
  findProject,
  homeDirectory,
  type PlatformTarget,
  type Project,
  platformsOf,
  readStackFiles,
  type StackFile,
} from "../../model/stack/project.ts";
import { Engine, type EngineOptions } from "../../services/stacks/engine.ts";
import { refuseOthers } from "../owner.ts";
import type { Steps } from "../steps.ts";
import { ensureBaseImage } from "./base-image.ts";
import { ensureDirectories } from "./directories.ts";
import { ensureDocker } from "./docker.ts";
import { ensureEnvironment } from "./environment.ts";
import { declareProvider } from "./provider.ts";
import { ensureStacks } from "./stacks.ts";
import { ensureSwarm } from "./swarm.ts";

/** A project that is ready for `up`. */
interface Ready {
  readonly project: Project;
  readonly docker: Docker;
  readonly engine: Engine;
  readonly files: readonly StackFile[];
  /** The stacks of which the backend knows no resource. */
  readonly empty: ReadonlySet<string>;
  readonly platforms: readonly PlatformTarget[];
}

interface SetupOptions {
  /** Anywhere in the project. */
  readonly directory: string;
  readonly steps: Steps;
  readonly display?: EngineOptions["display"];
  /**
   * The platform's name where no stack file says it (a program of one's own that makes a `Platform`).
   * @default "dynoform"
   */
  readonly name?: string;
}

/**
 * Gets a machine and a project ready: Docker Engine, swarm, runtime directories, base image, the
 * `pulumi` command's environment, stacks and keys. What is there is left as it is.
 */
export async function setup(options: SetupOptions): Promise<Ready> {
  const { steps } = options;
  const project = await findProject(options.directory);
  const present = await readStackFiles(project);
  const platforms = platformsOf(present, options.name);

  const docker = await ensureMachine(steps);
  // Where no file declares one, another project's may serve the apps of this one.
  if (present.some(({ kind }) => kind === "platform")) {
    for (const { name } of platforms) await refuseOthers(docker, name, project.directory);
  }
  await steps.run("Directories", async () => {
    for (const { directory } of platforms) await ensureDirectories(directory, project.directory);
  });
  await steps.run("Base image", async (say) => {
    for (const { name } of platforms) await ensureBaseImage(docker, name, say);
  });
  const engine = new Engine({ directory: project.directory, display: options.display });
  await steps.run(
    "Pulumi",
    async (say) => {
      await ensureEnvironment(project.directory, homeDirectory());
      await declareProvider(project, say);
      return engine.version();
    },
    (version) => version,
  );
  const stacks = await steps.run(
    "Stacks",
    (say) => ensureStacks(project, engine, say),
    ({ files }) => files.map((file) => file.stack).join(", "),
  );
  return { project, docker, engine, ...stacks, platforms };
}

/** A Docker Engine that manages a swarm: what everything here runs on. */
export async function ensureMachine(steps: Steps): Promise<Docker> {
  const docker = await steps.run(
    "Docker Engine",
    async (say) => {
      const found = await ensureDocker(say, "install");
      return { found, version: (await found.version()).Version };
    },
    ({ version }) => version,
  );
  await steps.run(
    "Swarm",
    (say) => ensureSwarm(docker.found, say, process.env.DYNOFORM_ADVERTISE_ADDR),
    (state) => state,
  );
  return docker.found;
}
