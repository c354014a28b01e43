import type { PropertyMap } from "../values/values.ts";

/**
 * What a provider is to the engine, after Pulumi's `ResourceProvider` service (provider.proto).
 *
 * One implementation serves three hosts: in-process in the embedded engine, as a gRPC plugin of a real
 * Pulumi CLI (see serve.ts), and in tests. Inputs arrive without secret wrappers; a previewed input may
 * hold `Unknown`. Outputs may hold `Secret`; the host marks outputs whose same-named input was secret.
 * Errors: throw an `Error` with a one-line message; see `InitError` for a resource made but not well.
 */
export interface Provider {
  /** The package, as in `docker:index/service:Service`. */
  readonly name: string;
  readonly version: string;
  /**
   * Whether create and update may be called with `preview: true`, to tell outputs before they exist.
   * Without it the engine never calls them in a preview and takes what it does not know for unknown.
   */
  readonly supportsPreview?: boolean;
  checkConfig?(request: CheckConfigRequest): Promise<CheckResult>;
  diffConfig?(request: DiffConfigRequest): Promise<DiffResult>;
  /** Called once before any resource operation, with the provider resource's own inputs. */
  configure(config: PropertyMap): Promise<void>;
  check(request: CheckRequest): Promise<CheckResult>;
  diff(request: DiffRequest): Promise<DiffResult>;
  create(request: CreateRequest): Promise<CreateResult>;
  /** Undefined: the resource is gone. */
  read(request: ReadRequest): Promise<ReadResult | undefined>;
  update(request: UpdateRequest): Promise<PropertyMap>;
  delete(request: DeleteRequest): Promise<void>;
  invoke(request: InvokeRequest): Promise<InvokeResult>;
  /**
   * What an interrupted create with these inputs left behind, found by name; undefined when nothing is there, or to
   * create once more does no harm. Without it the create is kept as pending, and told to the user.
   * Only the embedded engine asks (Pulumi's contract has no such call). Throw an InitError for something that is
   * there but was not finished: the next deployment then updates it even if its inputs are the same.
   */
  recover?(request: RecoverRequest): Promise<ReadResult | undefined>;
  /** Called once at the end; a plugin's process ends here. */
  close?(): Promise<void>;
}

/** What each call brings besides its data. */
export interface CallContext {
  readonly urn: string;
  /** The resource's type token. */
  readonly type: string;
  /** Aborted when the deployment is cancelled. */
  readonly signal: AbortSignal;
  /** Shows a line next to the resource at once; `status` lines are replaced by the next one. */
  log(severity: "debug" | "info" | "warning" | "error" | "status", message: string): void;
}

export interface CheckConfigRequest {
  readonly urn: string;
  readonly olds: PropertyMap | undefined;
  readonly news: PropertyMap;
}

export interface DiffConfigRequest {
  readonly urn: string;
  readonly oldInputs: PropertyMap;
  readonly news: PropertyMap;
}

export interface CheckRequest extends CallContext {
  readonly name: string;
  /** The inputs of the last deployment; undefined when the resource is created or replaced. */
  readonly olds: PropertyMap | undefined;
  readonly news: PropertyMap;
  /** 32 bytes. */
  readonly randomSeed: Uint8Array;
}

export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface CheckResult {
  readonly inputs: PropertyMap;
  readonly failures?: readonly CheckFailure[];
}

export interface DiffRequest extends CallContext {
  readonly id: string;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly news: PropertyMap;
  readonly ignoreChanges: readonly string[];
}

export type DiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

/** A property path (`a.b[0]`, keys with dots or brackets quoted) to what happens to it. */
export type DetailedDiff = Record<string, { readonly kind: DiffKind; readonly inputDiff: boolean }>;

export interface DiffResult {
  /** Undefined: the provider does not say; the engine compares inputs. */
  readonly changes: boolean | undefined;
  /** Top-level properties whose change needs a new resource. */
  readonly replaces?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
  /** Top-level properties that differ, from providers that say no more. */
  readonly diffs?: readonly string[];
  readonly detailedDiff?: DetailedDiff;
}

export interface CreateRequest extends CallContext {
  readonly name: string;
  readonly inputs: PropertyMap;
  /** Seconds; 0 means the provider's default. */
  readonly timeout: number;
  readonly preview: boolean;
}

export interface CreateResult {
  /** Must not be empty outside previews. */
  readonly id: string;
  readonly outputs: PropertyMap;
}

export interface ReadRequest extends CallContext {
  readonly id: string;
  readonly inputs: PropertyMap;
  /** The outputs of the state; empty when the resource is imported or looked up. */
  readonly outputs: PropertyMap;
}

export interface ReadResult {
  readonly id: string;
  readonly outputs: PropertyMap;
  /** New inputs for the state, when the provider can tell them. */
  readonly inputs?: PropertyMap;
}

export interface UpdateRequest extends DiffRequest {
  readonly timeout: number;
  readonly preview: boolean;
}

export interface DeleteRequest extends CallContext {
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  readonly timeout: number;
}

export interface InvokeRequest {
  readonly token: string;
  readonly args: PropertyMap;
  readonly signal: AbortSignal;
}

export interface InvokeResult {
  readonly outputs: PropertyMap;
  readonly failures?: readonly CheckFailure[];
}

export interface RecoverRequest extends CallContext {
  readonly inputs: PropertyMap;
}

/** The resource exists but is not in order: its state is kept and the operation fails. */
export class InitError extends Error {
  readonly id: string;
  readonly outputs: PropertyMap;
  readonly inputs: PropertyMap | undefined;
  readonly reasons: readonly string[];
  constructor(id: string, outputs: PropertyMap, reasons: readonly string[], inputs?: PropertyMap) {
    super(reasons.join("; "));
    this.id = id;
    this.outputs = outputs;
    this.reasons = reasons;
    this.inputs = inputs;
  }
}
