import type { Provider } from "../plugin/contract.ts";
import type { PropertyMap } from "../values/values.ts";
import type { NodeProgram, ProgramProcess } from "./program-process.ts";

/** A resource as the state remembers it: Pulumi's `apitype.ResourceV3`, decoded. */
export interface ResourceState {
  readonly urn: string;
  readonly custom: boolean;
  readonly delete?: boolean;
  readonly id?: string;
  readonly type: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  readonly parent?: string;
  readonly protect?: boolean;
  readonly external?: boolean;
  readonly dependencies?: readonly string[];
  readonly initErrors?: readonly string[];
  /** `URN::ID` of the provider resource. */
  readonly provider?: string;
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
  readonly pendingReplacement?: boolean;
  readonly additionalSecretOutputs?: readonly string[];
  readonly aliases?: readonly string[];
  /** Seconds. */
  readonly customTimeouts?: { readonly create?: number; readonly update?: number; readonly delete?: number };
  readonly importID?: string;
  readonly retainOnDelete?: boolean;
  readonly deletedWith?: string;
  readonly replaceWith?: readonly string[];
  /** RFC 3339, UTC. */
  readonly created?: string;
  readonly modified?: string;
  readonly sourcePosition?: string;
  readonly stackTrace?: readonly { readonly sourcePosition?: string }[];
  readonly ignoreChanges?: readonly string[];
  readonly hideDiff?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly replacementTrigger?: PropertyMap[string];
  readonly resourceHooks?: Readonly<Record<string, readonly string[]>>;
  /** Keys of ResourceV3 that this engine does not use but keeps. */
  readonly rest?: Readonly<Record<string, unknown>>;
}

export interface PendingOperation {
  readonly type: "creating" | "updating" | "deleting" | "reading";
  readonly resource: ResourceState;
}

/** What a stack is at one moment. `resources` is in topological order. */
export interface Snapshot {
  readonly resources: readonly ResourceState[];
  readonly pendingOperations: readonly PendingOperation[];
}

export type DeploymentKind = "update" | "refresh" | "destroy";

export type StepOp =
  | "same"
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "create-replacement"
  | "delete-replaced"
  | "read"
  | "read-replacement"
  | "refresh"
  | "discard"
  | "discard-replaced"
  | "remove-pending-replace"
  | "import"
  | "import-replacement";

/** How the program is run: started by us, or already served by an Automation API caller (`--client`). */
export type Program = NodeProgram | { readonly languageServer: string };

export interface DeploymentOptions {
  readonly kind: DeploymentKind;
  readonly dryRun: boolean;
  readonly organization: string;
  readonly project: string;
  readonly stack: string;
  /** The folder of Pulumi.yaml. */
  readonly root: string;
  /** Undefined: a refresh or destroy by what the state alone says. */
  readonly program?: Program;
  /** Full keys (`ns:name`); objects are JSON text, as programs get them. */
  readonly config: Readonly<Record<string, { readonly value: string; readonly secret: boolean }>>;
  /** Providers by path from Pulumi.yaml's `plugins.providers`. */
  readonly providerPaths: Readonly<Record<string, string>>;
  /** Providers by package that win over all others, each call a new one; for tests and embedders. */
  readonly providers?: Readonly<Record<string, () => Provider>>;
  readonly parallel: number;
  /** Refresh before the update or destroy. */
  readonly refresh: boolean;
  /** Refresh each resource as the program registers it, by the provider that it names then. */
  readonly runProgram: boolean;
  readonly targets: readonly string[];
  readonly targetDependents: boolean;
  readonly excludes: readonly string[];
  readonly excludeDependents: boolean;
  readonly replace: readonly string[];
  readonly continueOnError: boolean;
  readonly excludeProtected: boolean;
  readonly clearPendingCreates: boolean;
  /** Have a program that we start send what it and the SDK log for debugging, five messages a resource. @default false */
  readonly debug?: boolean;
}

/** What a deployment needs from whoever runs it. */
export interface DeploymentHost {
  /** Called after every step, one call at a time; the deployment goes on only when it has resolved. */
  persist(snapshot: Snapshot): Promise<void>;
  event(event: DeploymentEvent): void;
  /** Outputs of another stack, for StackReference; undefined when there is no such stack. */
  stackOutputs(stack: string): Promise<PropertyMap | undefined>;
  /** A process of the program that waits already. */
  readonly ahead?: ProgramProcess | undefined;
  /** Aborted by the first Ctrl-C: no new steps; running ones are told and awaited. */
  readonly cancel: AbortSignal;
  /** Aborted by the second: give up at once. */
  readonly terminate: AbortSignal;
}

export interface StepMetadata {
  readonly op: StepOp;
  readonly urn: string;
  readonly type: string;
  readonly old?: ResourceState;
  readonly new?: ResourceState;
  readonly keys?: readonly string[];
  readonly diffs?: readonly string[];
  readonly detailedDiff?: Readonly<Record<string, { readonly kind: string; readonly inputDiff: boolean }>>;
  readonly logical: boolean;
  readonly provider: string;
  /** Default providers: shown to nobody and not counted. */
  readonly internal?: boolean;
}

export type DeploymentEvent =
  | { readonly kind: "resource-pre"; readonly metadata: StepMetadata }
  | { readonly kind: "resource-outputs"; readonly metadata: StepMetadata }
  | {
      readonly kind: "resource-failed";
      readonly metadata: StepMetadata;
      readonly status: number;
      readonly steps: number;
    }
  | {
      readonly kind: "diagnostic";
      readonly urn?: string;
      readonly severity: "debug" | "info" | "info#err" | "warning" | "error";
      readonly message: string;
      readonly prefix?: string;
      readonly ephemeral?: boolean;
      readonly streamId?: number;
    };

export interface DeploymentResult {
  readonly result: "succeeded" | "failed" | "canceled";
  /** Counts by operation, without internal and logical steps that Pulumi does not count. */
  readonly changes: Readonly<Partial<Record<StepOp, number>>>;
  readonly snapshot: Snapshot;
  /** Undefined when the stack has none. */
  readonly outputs: PropertyMap | undefined;
  readonly maybeCorrupt: boolean;
}
