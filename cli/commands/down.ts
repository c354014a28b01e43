import { rm } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import type Docker from "dockerode";
import { isNotFound, UserError } from "../../lib/errors.ts";
import {
  findProject,
  homeDirectory,
  type PlatformTarget,
  platformsOf,
  readStackFiles,
} from "../../model/stack/project.ts";
import { Engine, PulumiError } from "../../services/stacks/engine.ts";
import { refuseOthers } from "../owner.ts";
import { findRemainder, PLATFORM_LABEL, remove } from "../remainder.ts";
import { ensureDocker } from "../setup/docker.ts";
import { ensureEnvironment } from "../setup/environment.ts";
import { type Say, Steps } from "../steps.ts";
import type { Command } from "./command.ts";

export const downCommand: Command = {
  summary: "destroy every app, then the platform",
  help: `Usage: dynoform down [--yes] [--purge] [--name NAME]

Destroys the links to GitHub with their webhooks, the apps' stacks with their databases, then the platform's. Images,
the volumes of Postgres and its backups and the runtime directory (the control plane's memory, the apps' repositories)
stay, so that the next \`up\` is quick.

  --yes        do not ask
  --purge      remove the volumes, the images and the runtime directory too
  --name NAME  the platform's name, needed where no stack file says it
`,
  options: { yes: { type: "boolean", short: "y" }, purge: { type: "boolean" }, name: { type: "string" } },
  async run({ yes, purge, name }) {
    const project = await findProject(process.cwd());
    const files = await readStackFiles(project);
    const platformStacks = new Set(files.filter((file) => file.kind === "platform").map((file) => file.stack));
    // A name that nobody gave could be another project's platform.
    if (platformStacks.size === 0 && typeof name !== "string") {
      throw new UserError("no stack file here names a platform. Say which to take down: `dynoform down --name NAME`.");
    }
    const platforms = platformsOf(files, typeof name === "string" ? name : undefined);
    await ensureEnvironment(project.directory, homeDirectory());
    const engine = new Engine({ directory: project.directory });
    await down({
      engine,
      project: project.directory,
      platforms,
      platformStacks,
      links: new Set(files.filter((file) => file.kind === "github").map((file) => file.stack)),
      purge: purge === true,
      steps: new Steps(),
      confirm: (losses) => confirm(losses, yes === true),
    });
  },
};

interface DownOptions {
  readonly engine: Engine;
  /** The project's folder. */
  readonly project: string;
  readonly platforms: readonly PlatformTarget[];
  /** Which stacks are platforms; they go last. */
  readonly platformStacks: ReadonlySet<string>;
  /** Which stacks are links to GitHub; they go first. @default none */
  readonly links?: ReadonlySet<string>;
  /** Whether the volumes of Postgres and of backups, the images and the runtime directory go too. */
  readonly purge: boolean;
  readonly steps: Steps;
  /** Gets what will be lost, one line each; throws when that is not wanted. */
  confirm(losses: readonly string[]): Promise<void>;
}

/** Destroys the stacks that the backend has, links first and platforms last, and removes what is left of the platforms in Docker. */
async function down(options: DownOptions): Promise<void> {
  const { engine, project, platforms, platformStacks, links = new Set(), purge, steps } = options;
  const docker = await ensureDocker((line) => steps.say(line), "start");
  for (const { name } of platforms) await refuseOthers(docker, name, project);
  const stacks = (await engine.stacks()).filter((stack) => (stack.resourceCount ?? 0) > 0).map((stack) => stack.name);
  const rank = (name: string) => (links.has(name) ? 0 : platformStacks.has(name) ? 2 : 1);
  const ordered = stacks.toSorted((a, b) => rank(a) - rank(b));

  await options.confirm(await losses(engine, ordered, platforms, purge));
  for (const { name } of platforms) await startPostgres(docker, `${name}-postgres`, steps);
  for (const stack of ordered) {
    // What no stack declares: one-off dynos and the like, which hold the network that goes next.
    if (platformStacks.has(stack)) for (const { name } of platforms) await removeLooseDynos(docker, name);
    await steps.run(`pulumi destroy --stack ${stack}`, (say) =>
      links.has(stack) ? destroyLink(engine, stack, purge, say) : destroy(engine, stack, purge),
    );
  }
  for (const { name, directory } of platforms) {
    await steps.run(`What is left of ${name}`, () => sweep(docker, name, directory, purge));
  }
}

async function losses(
  engine: Engine,
  stacks: readonly string[],
  platforms: readonly PlatformTarget[],
  purge: boolean,
): Promise<string[]> {
  const lines: string[] = [];
  for (const stack of stacks) {
    const resources = await engine.resources(stack);
    const databases = resources.filter(({ type }) => type === "postgresql:index/database:Database");
    const names = databases.map(({ inputs }) => String(inputs?.name));
    const hooked = resources.some(({ type }) => /:(Repository|Gitea)Webhook$/.test(type));
    if (hooked) lines.push(`stack ${stack}, with the webhook of its repository`);
    else
      lines.push(
        names.length === 0
          ? `stack ${stack}, which holds no data`
          : `stack ${stack}, with all data in its ${names.length === 1 ? "database" : "databases"} ${names.join(", ")}`,
      );
  }
  for (const { name, directory } of purge ? platforms : []) {
    lines.push(`volume ${name}-postgres, with every database in it`, `volume ${name}-backups, with every backup`);
    lines.push(`images ${name}/*`);
    lines.push(`directory ${directory}, with the control plane's memory and the apps' repositories`);
  }
  return lines;
}

async function confirm(losses: readonly string[], yes: boolean): Promise<void> {
  process.stdout.write(`This destroys:\n${losses.map((line) => `  - ${line}\n`).join("") || "  - nothing\n"}`);
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new UserError("nothing was destroyed. Say `npm run down -- --yes` to go on without being asked.");
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await prompt.question("Go on? [y/N] ");
    if (!/^y(es)?$/i.test(answer.trim())) throw new UserError("nothing was destroyed.");
  } finally {
    prompt.close();
  }
}

/** An app's database can only be dropped in a running server. */
async function startPostgres(docker: Docker, name: string, steps: Steps): Promise<void> {
  try {
    const container = docker.getContainer(name);
    if ((await container.inspect()).State.Running) return;
    await steps.run(`Starting ${name}, which holds the databases to drop`, () => container.start());
  } catch (error) {
    // Without the container, what `destroy` says about it is the better message.
    if (!isNotFound(error)) throw error;
  }
}

/** The dynos of a platform that are no Swarm services. */
async function removeLooseDynos(docker: Docker, platform: string): Promise<void> {
  const filters = { label: [`${PLATFORM_LABEL}=${platform}`, "dynoform.dyno"] };
  const list = await docker.listContainers({ all: true, filters });
  const loose = list.filter(({ Labels }) => Labels["com.docker.swarm.service.name"] === undefined);
  await remove(docker, { containers: loose.map(({ Id }) => Id) });
}

async function destroy(engine: Engine, stack: string, purge: boolean): Promise<void> {
  try {
    await engine.destroy(stack);
  } catch (error) {
    if (!(error instanceof PulumiError)) throw error;
    if (!purge) {
      throw new UserError(
        `stack ${stack} could not be destroyed; the reason stands above. Mend it and repeat the command, or remove everything with all data: \`npm run down -- --purge --yes\`.`,
      );
    }
    // Everything that the stack made is removed by its label next.
    await engine.remove(stack, { force: true });
  }
}

/** What a link made is at GitHub, which may not answer. */
async function destroyLink(engine: Engine, stack: string, purge: boolean, say: Say): Promise<void> {
  try {
    await engine.destroy(stack);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [reason] = error.message.split("\n", 1);
    if (!purge) {
      throw new UserError(
        `the webhook of ${stack} could not be removed: ${reason}. Repeat the command when GitHub answers, or forget the link with \`npx pulumi stack rm ${stack} --yes --force --preserve-config\`, repeat the command, and remove the webhook in the repository's settings.`,
      );
    }
    await engine.remove(stack, { force: true });
    say(`its webhook is still there (${reason}): remove it in the repository's settings`);
  }
}

/** What holds what the apps stored. */
function dataVolumes(platform: string): string[] {
  return [`${platform}-postgres`, `${platform}-backups`];
}

async function sweep(docker: Docker, name: string, directory: string, purge: boolean): Promise<void> {
  const left = await findRemainder(docker, name);
  const kept = dataVolumes(name);
  await remove(docker, {
    ...left,
    volumes: purge ? [...new Set([...left.volumes, ...kept])] : left.volumes.filter((volume) => !kept.includes(volume)),
    images: purge ? left.images : [],
  });
  if (purge) await rm(directory, { recursive: true, force: true });
}
