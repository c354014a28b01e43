import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb.js";
import { MockMonitor, type Mocks, setMocks } from "@pulumi/pulumi/runtime/mocks.js";
import { setMockOptions } from "@pulumi/pulumi/runtime/settings.js";

/** A resource as the program registered it: what would go to an engine. */
export interface Recorded {
  readonly type: string;
  readonly name: string;
  /** The parent's name; undefined for what hangs on the stack. */
  readonly parent: string | undefined;
  /** Secrets as `{ secret: value }`. */
  readonly inputs: Record<string, unknown>;
  /** Names of what it waits for, sorted; its own parent is not among them. */
  readonly dependsOn: readonly string[];
  /** The name of an explicit provider. */
  readonly provider: string | undefined;
  readonly options: Record<string, unknown>;
}

export interface Recording<T> {
  readonly result: T;
  /** Sorted by name, then by type: the SDK registers at the same time what can be. */
  readonly resources: readonly Recorded[];
  /** The one resource of that name and, when names repeat, that type. */
  get(name: string, type?: string): Recorded;
}

interface RecordOptions {
  /** The stack's configuration, structured values as JSON. */
  readonly config?: Readonly<Record<string, string>>;
  /** @default "shop" */
  readonly stack?: string;
  /** Outputs of the stacks that the program may refer to. */
  readonly stacks?: Readonly<Record<string, Record<string, unknown>>>;
  /** What functions of packages answer, by their tokens. */
  readonly calls?: Readonly<Record<string, Record<string, unknown>>>;
}

const PROJECT = "dynoform";
const SECRET = "4dabf18193072939515e22adb298388d";

/** What providers would add to the outputs, by type. */
const OUTPUTS: Record<string, Record<string, unknown>> = {
  "docker:index/image:Image": { repoDigest: "sha256:1111" },
  "dyno:index:Build": { image: "sha256:2222", record: "record-1" },
  "dyno:index:Password": { result: "pass" },
  "dyno:index:Release": { version: 1, ledger: [], configs: {} },
  "dyno:index:ReleaseTask": { record: "record-2" },
  "dyno:index:Route": { revision: 1 },
};

/**
 * Runs a program against Pulumi's mock monitor and records each registration as it is on the wire, since the mocks
 * themselves show neither parents nor options. One at a time: the SDK's settings are the process's.
 */
export async function record<T>(program: () => T | Promise<T>, options: RecordOptions = {}): Promise<Recording<T>> {
  const mocks: Mocks = {
    newResource: ({ type, name, inputs }) => ({ id: `${name}-id`, state: { ...inputs, ...OUTPUTS[type] } }),
    call({ token, inputs }) {
      const answer = options.calls?.[token];
      if (answer !== undefined) return answer;
      const outputs = token === "pulumi:pulumi:readStackOutputs" ? options.stacks?.[inputs.name] : undefined;
      // As gRPC gives errors to the SDK.
      if (outputs === undefined) throw Object.assign(new Error(), { details: `unknown stack "${inputs.name}"` });
      return { name: inputs.name, outputs };
    },
  };
  const monitor = new RecordingMonitor(mocks);
  const stack = options.stack ?? "shop";
  await setMocks(mocks, PROJECT, stack, false, "organization");
  setMockOptions(monitor, PROJECT, stack, false, "organization");
  pulumi.runtime.setAllConfig({ ...options.config });

  let result: T | undefined;
  await pulumi.runtime.runInPulumiStack(async () => {
    result = await program();
    return {};
  });
  await pulumi.runtime.disconnect();
  const order = ({ name, type }: Recorded) => `${name} ${type}`;
  const resources = monitor.recorded.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return {
    result: result as T,
    resources,
    get(name, type) {
      const found = resources.filter((entry) => entry.name === name && (type ?? entry.type) === entry.type);
      const [only] = found;
      if (only !== undefined && found.length === 1) return only;
      throw new Error(`${found.length} resources are named ${name}; there are ${resources.map((entry) => entry.name)}`);
    },
  };
}

class RecordingMonitor extends MockMonitor {
  readonly recorded: Recorded[] = [];
  override registerResource(request: RegisterResourceRequest, callback: (error: unknown, response: unknown) => void) {
    if (request.getType() !== "pulumi:pulumi:Stack") this.recorded.push(registration(request));
    return super.registerResource(request, callback);
  }
}

function registration(request: RegisterResourceRequest): Recorded {
  const parent = request.getParent();
  const options = {
    ignoreChanges: request.getIgnorechangesList(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    retainOnDelete: request.getRetainondelete(),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
  };
  return {
    type: request.getType(),
    name: request.getName(),
    parent: parent.includes("::pulumi:pulumi:Stack::") ? undefined : nameOf(parent),
    inputs: revealed(request.getObject()?.toJavaScript()) as Record<string, unknown>,
    dependsOn: [...new Set(request.getDependenciesList().map(nameOf))].sort(),
    // A reference is URN::id.
    provider: request.getProvider() === "" ? undefined : request.getProvider().split("::").at(-2),
    options: Object.fromEntries(Object.entries(options).filter(([, value]) => value && !isEmpty(value))),
  };
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** Secrets on the wire as `{ secret: value }`. */
function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== "object" || value === null) return value;
  if (SECRET in value && "value" in value) return { secret: revealed(value.value) };
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, revealed(entry)]));
}
