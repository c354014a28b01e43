/** What the flags of `up`, `preview`, `refresh` and `destroy` ask for. */
import { access } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { ProgramProcess } from "../deploy/program-process.ts";
import type { DeploymentKind, DeploymentOptions, Program } from "../deploy/types.ts";
import type { ConfigValue } from "../state/config-values.ts";
import { ExitCode, UserError } from "../state/errors.ts";
import { programOf } from "../state/project.ts";
import { ORGANIZATION, type StackName } from "../state/stack-name.ts";
import type { Session } from "./session.ts";

/** Flags of the real CLI that this engine cannot honour, and what to do instead. */
const REFUSED: Readonly<Record<string, string>> = {
  "policy-pack": "policy packs are not supported by the embedded engine; install the real CLI to enforce them",
  "policy-pack-config": "policy packs are not supported by the embedded engine; install the real CLI to enforce them",
  "config-path": "--config-path is not supported by the embedded engine; use 'pulumi config set --path' first",
  "ignore-protect": "--ignore-protect is not supported by the embedded engine; take 'protect' out of the program",
  neo: "Pulumi Neo needs Pulumi Cloud and is not supported by the embedded engine",
  copilot: "Pulumi Copilot needs Pulumi Cloud and is not supported by the embedded engine",
  "save-plan": "update plans are not supported by the embedded engine; install the real CLI",
  "import-file": "generating import files is not supported by the embedded engine; install the real CLI",
  "attach-debugger": "attaching a debugger is not supported by the embedded engine; use NODE_OPTIONS=--inspect-brk",
};

/** @throws UserError for what cannot be done */
export async function refuseUnsupported(session: Session): Promise<void> {
  for (const [flag, [value]] of session.flags.entries()) {
    if (value === "false") continue;
    if (REFUSED[flag] !== undefined) throw new UserError(REFUSED[flag]);
    if (/^remote(-|$)/.test(flag)) {
      throw new UserError(
        `remote deployments (--${flag}) need Pulumi Cloud and are not supported by the embedded engine`,
      );
    }
  }
  if (session.flags.has("target") && session.flags.isOn("exclude-protected")) {
    throw new UserError("you cannot specify --target and --exclude-protected");
  }
  const plan = session.flags.text("plan");
  if (plan === undefined) return;
  await access(resolve(session.directory, plan)).catch(() => {
    throw new UserError(`open ${plan}: no such file or directory`);
  });
  throw new UserError("update plans are not supported by the embedded engine; install the real CLI");
}

/** Whether to show what would be done before it is done, and to do it at all. */
interface Phases {
  readonly preview: boolean;
  readonly update: boolean;
  /** Ask between the two. */
  readonly ask: boolean;
}

/** @throws UserError with exit code 2 when nobody is there to say yes */
export function phasesOf(session: Session): Phases {
  if (session.flags.isOn("preview-only")) return { preview: true, update: false, ask: false };
  const skipPreview = session.flags.isOn("skip-preview");
  const yes = session.flags.isOn("yes") || skipPreview || session.environment.PULUMI_SKIP_CONFIRMATIONS === "true";
  if (!yes && !session.terminal.interactive) {
    throw new UserError(
      "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode",
      ExitCode.invocation,
    );
  }
  // With --json there is one document, about what was done.
  return { preview: !skipPreview && (!yes || !session.flags.isOn("json")), update: true, ask: !yes };
}

/** Everything `deploy` needs to know, for a real run; a preview is the same with `dryRun`. */
export async function deploymentOptions(
  session: Session,
  kind: DeploymentKind,
  name: StackName,
  config: Readonly<Record<string, ConfigValue>>,
): Promise<DeploymentOptions> {
  const project = await session.project();
  const { flags } = session;
  const replaced = flags.list("target-replace");
  return {
    kind,
    dryRun: false,
    organization: ORGANIZATION,
    project: project.name,
    stack: name.stack,
    root: project.root,
    program: await programFor(session, kind),
    config,
    providerPaths: project.providerPaths,
    parallel: parallelism(session),
    refresh: flags.isOn("refresh"),
    runProgram: runsProgram(session),
    targets: [...flags.list("target"), ...replaced],
    targetDependents: flags.isOn("target-dependents"),
    excludes: flags.list("exclude"),
    excludeDependents: flags.isOn("exclude-dependents"),
    replace: [...flags.list("replace"), ...replaced],
    continueOnError: flags.isOn("continue-on-error"),
    excludeProtected: flags.isOn("exclude-protected"),
    clearPendingCreates: flags.isOn("clear-pending-creates"),
    debug: flags.isOn("debug"),
  };
}

/** The program's process, started ahead of all that is to be known for it; whoever takes it first has it. */
export class ProgramAhead {
  /** Whether a program is run at all. */
  readonly runsProgram: boolean;
  #process: ProgramProcess | undefined;

  private constructor(program: Program | undefined) {
    this.runsProgram = program !== undefined;
    if (program !== undefined && "entry" in program) this.#process = new ProgramProcess(program);
  }

  /** @throws UserError when there is no program to start */
  static async start(session: Session, kind: DeploymentKind): Promise<ProgramAhead> {
    return new ProgramAhead(await programFor(session, kind));
  }

  take(): ProgramProcess | undefined {
    const process = this.#process;
    this.#process = undefined;
    return process;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.take()?.stop();
  }
}

/** `refresh` and `destroy` run the program only when asked to. */
async function programFor(session: Session, kind: DeploymentKind): Promise<Program | undefined> {
  const { flags } = session;
  if (kind !== "update" && !runsProgram(session)) return undefined;
  const languageServer = flags.text("client");
  return languageServer === undefined ? programOf(await session.project()) : { languageServer };
}

/** `--run-program`, or PULUMI_RUN_PROGRAM. */
function runsProgram({ flags, environment }: Session): boolean {
  if (flags.has("run-program")) return flags.isOn("run-program");
  return /^(1|t|true)$/i.test(environment.PULUMI_RUN_PROGRAM ?? "");
}

/** As the real CLI: four times the processors; 0 means as many as there is work for. */
function parallelism(session: Session): number {
  const given = session.flags.number("parallel") ?? Number(session.environment.PULUMI_PARALLEL || Number.NaN);
  if (Number.isNaN(given)) return 4 * availableParallelism();
  return given <= 0 ? Number.MAX_SAFE_INTEGER : given;
}

/** What the history says of where and how an update ran. Values of the environment are not in it, only their names. */
export function updateEnvironment(session: Session, version: string): Record<string, string> {
  const environment: Record<string, string> = {
    "exec.kind": session.flags.text("exec-kind") ?? "cli",
    "pulumi.arch": process.arch === "x64" ? "amd64" : process.arch,
    "pulumi.os": process.platform,
    "pulumi.version": version,
    "runtime.name": "nodejs",
    "runtime.version": process.version,
    "stack.environments": "[]",
    updatePlan: "false",
  };
  const agent = session.flags.text("exec-agent");
  if (agent !== undefined) environment["exec.agent"] = agent;
  for (const [name, value] of Object.entries(session.environment)) {
    if (!name.startsWith("PULUMI_") || value === undefined) continue;
    environment[`pulumi.env.${name}`] = value === "true" || value === "false" ? value : "set";
  }
  for (const [flag, values] of session.flags.entries()) {
    const [value = ""] = values;
    if (value === "true" || value === "false") environment[`pulumi.flag.${flag}`] = value;
  }
  return Object.fromEntries(Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1)));
}
