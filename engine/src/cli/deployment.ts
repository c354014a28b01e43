/** `pulumi up|preview|refresh|destroy`. */
import type { DeploymentKind, DeploymentOptions, DeploymentResult, Snapshot } from "../deploy/types.ts";
import { CheckpointCodec, type Deployment, PULUMI_VERSION } from "../state/checkpoint.ts";
import {
  type ConfigMap,
  decryptAll,
  fullKey,
  hasSecure,
  plainValue,
  withProjectDefaults,
} from "../state/config-values.ts";
import { ExitCode, UserError } from "../state/errors.ts";
import { lockStack } from "../state/lock.ts";
import type { PassphraseManager } from "../state/passphrase.ts";
import type { StackConfig } from "../state/stack-config.ts";
import { qualified, type StackName } from "../state/stack-name.ts";
import { StateWriter } from "../state/state-writer.ts";
import {
  deploymentOptions,
  ProgramAhead,
  phasesOf,
  refuseUnsupported,
  updateEnvironment,
} from "./deployment-options.ts";
import { EventLog, openSink } from "./events.ts";
import { Interruption } from "./interruption.ts";
import { Operation } from "./operation.ts";
import type { Session } from "./session.ts";
import { forgetStack } from "./stack.ts";
import { OtherStacks } from "./stack-outputs.ts";

/** Everything that is known before a deployment begins. */
interface Plan {
  readonly kind: DeploymentKind;
  readonly name: StackName;
  readonly config: ConfigMap;
  readonly file: StackConfig;
  readonly options: DeploymentOptions;
  readonly manager: PassphraseManager;
  readonly ahead: ProgramAhead;
  readonly others: OtherStacks;
}

/** @returns the exit code */
export async function preview(session: Session): Promise<number> {
  await refuseUnsupported(session);
  await using ahead = await ProgramAhead.start(session, "update");
  const plan = await prepare(session, "update", ahead);
  return await withInterruption(session, async (interruption) => {
    const { result } = await runPhase(session, plan, interruption, true);
    return exitCode(session, "preview", result);
  });
}

/** @returns the exit code */
export async function deployment(session: Session, kind: DeploymentKind): Promise<number> {
  await refuseUnsupported(session);
  const phases = phasesOf(session);
  await using ahead = await ProgramAhead.start(session, kind);
  const plan = await prepare(session, kind, ahead);
  return await withInterruption(session, async (interruption) => {
    if (phases.preview) {
      const { result } = await runPhase(session, plan, interruption, true);
      if (result.result !== "succeeded" || !phases.update) return exitCode(session, kind, result);
      if (phases.ask && !(await agrees(session, kind))) throw new UserError(`${kind} declined`);
    }
    return update(session, plan, interruption);
  });
}

async function update(session: Session, plan: Plan, interruption: Interruption): Promise<number> {
  const { kind, name } = plan;
  const backend = await session.backend();
  const lock = await lockStack(backend, name, (line) => session.terminal.error(line));
  try {
    const startTime = Math.floor(Date.now() / 1000);
    const { result } = await runPhase(session, plan, interruption, false);
    await backend.addHistory(name, {
      kind,
      startTime,
      message: session.flags.text("message") ?? "",
      environment: updateEnvironment(session, PULUMI_VERSION),
      config: plan.file.config,
      version: 0,
      result: result.result === "succeeded" ? "succeeded" : "failed",
      endTime: Math.floor(Date.now() / 1000),
      resourceChanges: { ...result.changes },
    });
    if (kind === "destroy" && result.result === "succeeded") await afterDestroy(session, name, result);
    if (session.flags.isOn("remove") && result.snapshot.resources.length === 0) await forgetStack(session, name);
    return exitCode(session, kind, result);
  } finally {
    await lock.release();
  }
}

async function afterDestroy(session: Session, name: StackName, result: DeploymentResult): Promise<void> {
  const { flags, terminal } = session;
  if (flags.isOn("json")) return;
  const kept = result.snapshot.resources.filter(({ protect }) => protect === true).length;
  if (flags.isOn("exclude-protected") && kept > 0) {
    terminal.line(
      `All unprotected resources were destroyed. There are still ${kept} protected resources associated with this stack.`,
    );
  } else if (result.snapshot.resources.length === 0 && !flags.isOn("remove")) {
    terminal.line(
      "The resources in the stack have been deleted, but the history and configuration associated with the stack are " +
        `still maintained. \nIf you want to remove the stack completely, run \`pulumi stack rm ${await session.shortName(name)}\`.`,
    );
  }
}

async function prepare(session: Session, kind: DeploymentKind, ahead: ProgramAhead): Promise<Plan> {
  const project = await session.project();
  const name = await session.stack();
  const file = await session.config(name);
  if (await setGivenConfig(session, file)) await file.save();
  const others = new OtherStacks(session, name);
  if (ahead.runsProgram) await others.expect();
  const deployed = await session.deployment(name);
  const manager = await session.ensureManager(file, deployed);
  const config = withProjectDefaults(project, name.stack, file.config);
  // The key takes a while: it is derived while the deployment's code is being loaded.
  if (hasSecure(config)) manager.crypter().catch(() => undefined);
  const [values] = await Promise.all([decryptAll(config, manager), import("../deploy/deploy.ts")]);
  return {
    kind,
    name,
    config,
    file,
    manager,
    ahead,
    others,
    options: await deploymentOptions(session, kind, name, values),
  };
}

/** `--config key=value`: written to the stack's file, as the real CLI does. */
async function setGivenConfig(session: Session, file: StackConfig): Promise<boolean> {
  const { name: project } = await session.project();
  const given = session.flags.list("config");
  for (const pair of given) {
    const equals = pair.indexOf("=");
    const [key, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
    file.set([fullKey(key, project)], value);
  }
  return given.length > 0;
}

async function runPhase(
  session: Session,
  plan: Plan,
  interruption: Interruption,
  dryRun: boolean,
): Promise<{ result: DeploymentResult }> {
  const { name, manager } = plan;
  const backend = await session.backend();
  const deployed = await session.deployment(name);
  const codec = new CheckpointCodec(qualified(name), manager);
  const snapshot = await decode(session, codec, deployed, manager);
  const writer = new StateWriter(backend, name, codec, session.verifies);
  const persist = dryRun ? async () => undefined : (next: Snapshot) => writer.persist(next);
  const target = session.flags.text("event-log");
  const log = new EventLog(target === undefined ? [] : [await openSink(target)], dryRun);
  try {
    const operation = new Operation(session, { ...plan.options, dryRun }, masked(plan.config), log, interruption);
    const result = await operation.run(snapshot, {
      persist,
      stackOutputs: (other) => plan.others.outputs(other),
      ahead: plan.ahead.take(),
    });
    await persist(result.snapshot);
    await plan.others.remember();
    return { result };
  } finally {
    await log.close();
  }
}

async function decode(
  session: Session,
  codec: CheckpointCodec,
  deployed: Deployment | undefined,
  manager: PassphraseManager,
): Promise<Snapshot> {
  return codec.decode(deployed, session.managerOf(deployed) ?? manager);
}

/** Configuration as events show it. */
function masked(config: ConfigMap): Record<string, string> {
  const keys = Object.keys(config).sort();
  return Object.fromEntries(keys.map((key) => [key, plainValue(config[key])?.value ?? "[secret]"]));
}

async function withInterruption<T>(session: Session, run: (interruption: Interruption) => Promise<T>): Promise<T> {
  const interruption = new Interruption((line) => session.terminal.line(line));
  try {
    return await run(interruption);
  } finally {
    interruption.release();
  }
}

async function agrees(session: Session, kind: DeploymentKind): Promise<boolean> {
  for (;;) {
    const answer = (await session.terminal.ask(`Do you want to perform this ${kind}? [yes/no] `)).trim().toLowerCase();
    if (answer === "yes" || answer === "y") return true;
    if (answer === "no" || answer === "n" || answer === "") return false;
  }
}

function exitCode(session: Session, operation: string, { result, changes }: DeploymentResult): number {
  if (result !== "succeeded") return ExitCode.failure;
  const changed = Object.entries(changes).some(([op, count]) => op !== "same" && count > 0);
  if (session.flags.isOn("expect-no-changes") && changed) {
    throw new UserError(`no changes were expected for ${operation} but changes were proposed`, ExitCode.changesFound);
  }
  return 0;
}
