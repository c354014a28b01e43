/** A deployment with everything that does not matter left to defaults, and what happened in it, in short. */
import { availableParallelism } from "node:os";
import { deploy } from "../deploy/deploy.ts";
import type { NodeProgram } from "../deploy/program-process.ts";
import type {
  DeploymentEvent,
  DeploymentHost,
  DeploymentOptions,
  DeploymentResult,
  Program,
  Snapshot,
} from "../deploy/types.ts";
import { nameOf } from "../deploy/urn.ts";
import { ORGANIZATION } from "../state/stack-name.ts";
import { type InlineProgram, InlineServer } from "./inline.ts";

/** A function of this process, or a program with a folder of its own that a process is started for. */
export type AnyProgram = InlineProgram | NodeProgram | Program;

/** What a deployment did. */
export interface Deployed extends DeploymentResult {
  readonly events: readonly DeploymentEvent[];
  /** `OPERATION NAME` of every finished step, in order, e.g. `create-replacement web`; default providers too. */
  readonly steps: readonly string[];
  /** What went wrong, each once; the last one says that the deployment failed. */
  readonly errors: readonly string[];
}

/** Options of `deploy`, of which only the stack must be said. */
export type RunOptions = Pick<DeploymentOptions, "kind" | "project" | "stack" | "root"> &
  Partial<Omit<DeploymentOptions, "program">> & { readonly program?: AnyProgram };

/** A host of which only what is needed must be there. */
type RunHost = Partial<DeploymentHost>;

/** Runs `deploy`. @param host by default nothing is saved, shown, known of other stacks or cancelled */
export async function run(options: RunOptions, snapshot: Snapshot, host: RunHost = {}): Promise<Deployed> {
  const { program, ...rest } = options;
  await using server = typeof program === "function" ? await InlineServer.start(program) : undefined;
  const served = server && { languageServer: server.address };
  const events: DeploymentEvent[] = [];
  const never = new AbortController().signal;
  const result = await deploy(
    { ...defaults(), ...rest, program: served ?? (typeof program === "function" ? undefined : program) },
    snapshot,
    {
      persist: async () => {},
      stackOutputs: async () => undefined,
      cancel: never,
      terminate: never,
      ...host,
      event: (event) => {
        events.push(event);
        host.event?.(event);
      },
    },
  );
  return { ...result, events, steps: events.flatMap(stepOf), errors: [...new Set(events.flatMap(errorOf))] };
}

function defaults(): Omit<DeploymentOptions, "kind" | "project" | "stack" | "root"> {
  return {
    dryRun: false,
    organization: ORGANIZATION,
    config: {},
    providerPaths: {},
    parallel: 4 * availableParallelism(),
    refresh: false,
    runProgram: false,
    targets: [],
    targetDependents: false,
    excludes: [],
    excludeDependents: false,
    replace: [],
    continueOnError: false,
    excludeProtected: false,
    clearPendingCreates: false,
  };
}

function stepOf(event: DeploymentEvent): string[] {
  return event.kind === "resource-outputs" ? [`${event.metadata.op} ${nameOf(event.metadata.urn)}`] : [];
}

function errorOf(event: DeploymentEvent): string[] {
  return event.kind === "diagnostic" && event.severity === "error" ? [event.message] : [];
}
