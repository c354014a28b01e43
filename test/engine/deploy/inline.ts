import grpc from "@grpc/grpc-js";
import aliasProto from "@pulumi/pulumi/proto/alias_pb.js";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languageProto from "@pulumi/pulumi/proto/language_pb.js";
import resourceGrpc from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { decodeProperties, encodeProperties } from "../../../engine/src/values/wire.ts";

const wire = { secrets: true, resources: true };

interface InlineResource {
  readonly type?: string;
  readonly name: string;
  readonly inputs?: PropertyMap;
  readonly parent?: string;
  /** `URN::ID` of an explicit provider. */
  readonly provider?: string;
  readonly deletedWith?: string;
  /** URNs by property. */
  readonly needs?: Readonly<Record<string, readonly string[]>>;
  /** URNs of what it needs without taking a property of it. */
  readonly dependsOn?: readonly string[];
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly deleteBeforeReplace?: boolean;
  readonly ignoreChanges?: readonly string[];
  readonly replaceOnChanges?: readonly string[];
  readonly additionalSecretOutputs?: readonly string[];
  /** A name that it had. */
  readonly alias?: string;
}

/** With `--continue-on-error` the program is told which resource there is none of, and goes on with others. */
export class FailedResource extends Error {}

/** A program's side of the monitor, as far as tests of step generation need it. */
export class InlineMonitor {
  readonly #client: resourceGrpc.ResourceMonitorClient;

  constructor(address: string) {
    this.#client = new resourceGrpc.ResourceMonitorClient(address, grpc.credentials.createInsecure());
  }

  async register(resource: InlineResource): Promise<{ urn: string; id: string; outputs: PropertyMap }> {
    const type = resource.type ?? "fake:index:Thing";
    const request = new resourceProto.RegisterResourceRequest()
      .setType(type)
      .setName(resource.name)
      .setCustom(!/:(Stack|Group)$/.test(type))
      .setObject(encodeProperties(resource.inputs ?? {}, wire))
      .setParent(resource.parent ?? "")
      .setProvider(resource.provider ?? "")
      .setDeletedwith(resource.deletedWith ?? "")
      .setDependenciesList([...new Set([...Object.values(resource.needs ?? {}).flat(), ...(resource.dependsOn ?? [])])])
      .setIgnorechangesList([...(resource.ignoreChanges ?? [])])
      .setReplaceonchangesList([...(resource.replaceOnChanges ?? [])])
      .setAdditionalsecretoutputsList([...(resource.additionalSecretOutputs ?? [])])
      .setDeletebeforereplace(resource.deleteBeforeReplace ?? false)
      .setDeletebeforereplacedefined(resource.deleteBeforeReplace !== undefined)
      .setAcceptsecrets(true);
    if (resource.protect !== undefined) request.setProtect(resource.protect);
    if (resource.retainOnDelete !== undefined) request.setRetainondelete(resource.retainOnDelete);
    if (resource.alias !== undefined) {
      request.setAliasesList([new aliasProto.Alias().setSpec(new aliasProto.Alias.Spec().setName(resource.alias))]);
    }
    for (const [key, urns] of Object.entries(resource.needs ?? {})) {
      const dependencies = new resourceProto.RegisterResourceRequest.PropertyDependencies().setUrnsList([...urns]);
      request.getPropertydependenciesMap().set(key, dependencies);
    }
    const response = await new Promise<resourceProto.RegisterResourceResponse>((resolve, reject) => {
      this.#client.registerResource(request, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
    if (response.getResult() === resourceProto.Result.FAIL) throw new FailedResource(response.getUrn());
    return { urn: response.getUrn(), id: response.getId(), outputs: decodeProperties(response.getObject()) };
  }

  async shutDown(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#client.signalAndWaitForShutdown(new emptyProto.Empty(), (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** Serves a program written in the test itself, the way the Automation API serves inline programs. */
export class InlineServer implements AsyncDisposable {
  readonly #server = new grpc.Server();
  #program: (monitor: InlineMonitor) => Promise<void> = async () => {};
  address = "";
  /** Whether a program that has ended says that it registers nothing more, and waits until all is done. */
  signals = true;

  static async start(): Promise<InlineServer> {
    const inline = new InlineServer();
    inline.#server.addService(languageGrpc.LanguageRuntimeService, inline.#methods());
    const port = await new Promise<number>((resolve, reject) => {
      inline.#server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    inline.address = `127.0.0.1:${port}`;
    return inline;
  }

  set program(program: (monitor: InlineMonitor) => Promise<void>) {
    this.#program = program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }

  #methods(): grpc.UntypedServiceImplementation {
    const run: grpc.handleUnaryCall<languageProto.RunRequest, languageProto.RunResponse> = async (call, callback) => {
      const monitor = new InlineMonitor(call.request.getMonitorAddress());
      const response = new languageProto.RunResponse();
      try {
        await this.#program(monitor);
        if (this.signals) await monitor.shutDown();
      } catch (error) {
        response.setError(error instanceof Error ? error.message : String(error));
      } finally {
        monitor.close();
      }
      callback(null, response);
    };
    return { run };
  }
}
