import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import type { Callback, Callbacks } from "./callbacks.ts";
import { messageOf } from "./errors.ts";
import { errorHookRequest, hookRequest, type Subject } from "./hook-request.ts";
import type { Outcome } from "./instance.ts";
import type { ResourceState } from "./types.ts";

/** How often an operation is tried that its error hooks want to be tried again. */
const mostAttempts = 100;

interface Hook {
  readonly callback: Callback;
  readonly onDryRun: boolean;
  readonly ignoreErrors: boolean;
}

interface HookContext {
  readonly callbacks: Callbacks;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  warn(message: string, urn: string): void;
  /** Tells an error that undoes nothing, and fails the deployment. */
  fail(message: string, urn: string): void;
}

type Operation = "Create" | "Update" | "Delete";

/** The functions of a program that are called around the operations of its resources. */
export class Hooks {
  readonly #context: HookContext;
  readonly #hooks = new Map<string, Hook>();
  readonly #errorHooks = new Map<string, Callback>();

  constructor(context: HookContext) {
    this.#context = context;
  }

  register(request: resourceProto.RegisterResourceHookRequest): void {
    const name = this.#newName(request);
    this.#hooks.set(name, {
      callback: callbackOf(request),
      onDryRun: request.getOnDryRun(),
      ignoreErrors: request.getIgnoreErrors(),
    });
  }

  registerForErrors(request: resourceProto.RegisterErrorHookRequest): void {
    this.#errorHooks.set(this.#newName(request), callbackOf(request));
  }

  /** Throws when a hook does: the operation is not to be done then. */
  async before(operation: Operation, subject: Subject): Promise<void> {
    await this.#run(`Before${operation}`, "before", subject);
  }

  /** The operation is done and saved, whatever its hooks say of it. */
  async after(operation: Operation, subject: Subject): Promise<void> {
    try {
      await this.#run(`After${operation}`, "after", { ...subject, done: true });
    } catch (error) {
      this.#context.fail(messageOf(error), stateOf(subject).urn);
    }
  }

  /** Does an operation, and does it again as long as it fails and one of the error hooks wants that. */
  async attempt<Result extends Outcome | undefined>(
    operation: Operation,
    subject: Subject,
    call: () => Promise<Result>,
  ): Promise<Result> {
    const names = stateOf(subject).resourceHooks?.OnError ?? [];
    if (names.length === 0) return call();
    const failures: string[] = [];
    for (;;) {
      const result = await settled(call());
      const failure = "error" in result ? messageOf(result.error) : result.value?.errors?.join("\n");
      if (failure === undefined || this.#context.signal.aborted) return unsettled(result);
      failures.unshift(failure);
      if (!(await this.#wantsRetry(names, operation.toLowerCase(), subject, failures))) return unsettled(result);
    }
  }

  async #run(moment: string, when: string, subject: Subject): Promise<void> {
    const { resourceHooks, urn } = stateOf(subject);
    for (const name of resourceHooks?.[moment] ?? []) {
      const hook = this.#hooks.get(name);
      if (!hook) throw new Error(`hook "${name}" was not registered`);
      if (this.#context.dryRun && !hook.onDryRun) continue;
      const failure = await this.#call(hook.callback, hookRequest(subject));
      if (failure === undefined) continue;
      if (!hook.ignoreErrors) throw new Error(`${when} hook "${name}" failed: ${failure}`);
      this.#context.warn(`${moment} hook "${name}" failed: ${failure}`, urn);
    }
  }

  /** What the hook failed with. */
  async #call(callback: Callback, request: Uint8Array): Promise<string | undefined> {
    try {
      const answer = await this.#context.callbacks.invoke(callback, request);
      return resourceProto.ResourceHookResponse.deserializeBinary(answer).getError() || undefined;
    } catch (error) {
      return messageOf(error);
    }
  }

  async #wantsRetry(
    names: readonly string[],
    operation: string,
    subject: Subject,
    failures: readonly string[],
  ): Promise<boolean> {
    const { urn } = stateOf(subject);
    if (failures.length >= mostAttempts) {
      this.#context.warn(`maximum number of error hook retries (${mostAttempts}) reached`, urn);
      return false;
    }
    const answers: boolean[] = [];
    for (const name of names) answers.push(await this.#ask(name, errorHookRequest(operation, subject, failures)));
    if (!answers.includes(true)) return false;
    this.#context.warn(`retrying ${operation} due to on-error hook request (${failures.length}/${mostAttempts})`, urn);
    return true;
  }

  async #ask(name: string, request: Uint8Array): Promise<boolean> {
    const callback = this.#errorHooks.get(name);
    const failed = (why: string) => new Error(`error hooks execution failed: ${why}`);
    if (!callback) throw failed(`error hook "${name}" was not registered`);
    const answer = await this.#context.callbacks.invoke(callback, request).catch((error: unknown) => {
      throw failed(`error hook "${name}" failed: ${messageOf(error)}`);
    });
    const response = resourceProto.ErrorHookResponse.deserializeBinary(answer);
    if (response.getError()) throw failed(`error hook "${name}" failed: ${response.getError()}`);
    return response.getRetry();
  }

  #newName(request: { getName(): string }): string {
    const name = request.getName();
    if (!name) throw new Error("resource hook name cannot be empty");
    if (this.#hooks.has(name) || this.#errorHooks.has(name)) {
      throw new Error(`resource hook already registered for name "${name}"`);
    }
    return name;
  }
}

/** Resources whose deletion has hooks, which nobody can call where no program runs; each with its hooks' names. */
export function deleteHooks(resources: readonly ResourceState[]): [urn: string, names: readonly string[]][] {
  return resources.flatMap(({ urn, resourceHooks: hooks }) => {
    const names = [...(hooks?.BeforeDelete ?? []), ...(hooks?.AfterDelete ?? [])];
    return names.length > 0 ? [[urn, names] as [string, readonly string[]]] : [];
  });
}

function callbackOf(request: { getCallback(): Callback | undefined }): Callback {
  const callback = request.getCallback();
  if (!callback) throw new Error("a resource hook needs a callback");
  return callback;
}

/** A deleted resource has the hooks that it had, any other those that the program names. */
function stateOf(subject: Subject): ResourceState {
  return subject.new ?? (subject.old as ResourceState);
}

type Settled<Value> = { readonly value: Value } | { readonly error: unknown };

async function settled<Value>(promise: Promise<Value>): Promise<Settled<Value>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

function unsettled<Value>(result: Settled<Value>): Value {
  if ("error" in result) throw result.error;
  return result.value;
}
