import grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import type structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { annotate, stripAll } from "../values/secrets.ts";
import type { PropertyMap } from "../values/values.ts";
import { decodeProperties, encodeProperties } from "../values/wire.ts";
import { channelOptions, listen } from "./channel.ts";
import { type CallContext, type CheckResult, type DiffResult, InitError, type Provider } from "./contract.ts";
import { encodeDetailedDiff, encodeError } from "./protocol.ts";

const proto = providerProto;
const Changes = proto.DiffResponse.DiffChanges;

/**
 * Serves a provider as a plugin of a Pulumi CLI: prints the port, and takes the engine's address from the
 * command line. Ends when the CLI stops the process.
 *
 * The SDK's own server drops configuration and detailed diffs, hands secrets and unknowns over in their wire
 * encoding, and answers errors with a stack.
 */
export async function servePlugin(provider: Provider): Promise<void> {
  const { port } = await serveProvider(provider, process.argv[2]);
  process.stdout.write(`${port}\n`);
}

/** A provider that others may call. */
interface ServedProvider {
  /** Of the loopback address; `PULUMI_DEBUG_PROVIDERS=NAME:PORT` has a Pulumi CLI use it. */
  readonly port: number;
  close(): void;
}

/**
 * Serves a provider from this process.
 *
 * @param engineAddress host:port of the engine that its log goes to; an engine may say so itself (`Attach`)
 */
export async function serveProvider(provider: Provider, engineAddress?: string): Promise<ServedProvider> {
  const server = new grpc.Server(channelOptions);
  const service = new PluginService(provider, engineAddress);
  server.addService(providerGrpc.ResourceProviderService, service.methods());
  return { port: await listen(server), close: () => server.forceShutdown() };
}

/** The part of every request that says which resource it is about. */
interface ResourceRequest {
  getUrn(): string;
  getType(): string;
}

class PluginService {
  readonly #provider: Provider;
  readonly #cancel = new AbortController();
  #engine: engineGrpc.EngineClient | undefined;

  constructor(provider: Provider, engineAddress: string | undefined) {
    this.#provider = provider;
    this.#connect(engineAddress);
  }

  methods(): grpc.UntypedServiceImplementation {
    const provider = this.#provider;
    // Of a provider that shakes hands a CLI takes for granted that it can tell what it would do, and asks it.
    const cannotPreview = (request: { getPreview(): boolean }) => request.getPreview() && !provider.supportsPreview;
    return {
      handshake: unary(async () => new proto.ProviderHandshakeResponse().setAcceptSecrets(true)),
      getPluginInfo: unary(async () => new pluginProto.PluginInfo().setVersion(provider.version)),
      getSchema: unary(async () => new proto.GetSchemaResponse().setSchema(emptySchema(provider))),
      attach: unary(async (request: pluginProto.PluginAttach) => {
        this.#connect(request.getAddress());
        return new emptyProto.Empty();
      }),
      cancel: unary(async () => {
        this.#cancel.abort();
        return new emptyProto.Empty();
      }),
      checkConfig: unary(async (request: providerProto.CheckRequest) => {
        const news = decodeProperties(request.getNews());
        if (!provider.checkConfig) return new proto.CheckResponse().setInputs(encode(news));
        const olds = request.getOlds();
        const result = await provider.checkConfig({
          urn: request.getUrn(),
          olds: olds && bare(olds),
          news: stripAll(news),
        });
        return checkResponse(result, news);
      }),
      diffConfig: unary(async (request: providerProto.DiffRequest) => {
        const unknown = { changes: undefined };
        const asked = await provider.diffConfig?.({
          urn: request.getUrn(),
          oldInputs: bare(request.getOldInputs()),
          news: bare(request.getNews()),
        });
        return diffResponse(asked ?? unknown);
      }),
      configure: unary(async (request: providerProto.ConfigureRequest) => {
        const { version, pluginDownloadURL, __internal, ...config } = bare(request.getArgs());
        await provider.configure(config);
        return new proto.ConfigureResponse()
          .setAcceptsecrets(true)
          .setSupportspreview(provider.supportsPreview ?? false);
      }),
      check: unary(async (request: providerProto.CheckRequest) => {
        const news = decodeProperties(request.getNews());
        const olds = bare(request.getOlds());
        const result = await provider.check({
          ...this.#context(request),
          name: request.getName() || nameOf(request.getUrn()),
          olds: Object.keys(olds).length > 0 ? olds : undefined,
          news: stripAll(news),
          randomSeed: request.getRandomseed_asU8(),
        });
        return checkResponse(result, news);
      }),
      diff: unary(async (request: providerProto.DiffRequest) =>
        diffResponse(
          await provider.diff({
            ...this.#context(request),
            id: request.getId(),
            oldInputs: bare(request.getOldInputs()),
            oldOutputs: bare(request.getOlds()),
            news: bare(request.getNews()),
            ignoreChanges: request.getIgnorechangesList(),
          }),
        ),
      ),
      create: unary((request: providerProto.CreateRequest) =>
        withSecretsOf(decodeProperties(request.getProperties()), async (inputs, mark) => {
          if (cannotPreview(request)) return new proto.CreateResponse().setProperties(encode(mark(inputs)));
          const { id, outputs } = await provider.create({
            ...this.#context(request),
            name: request.getName() || nameOf(request.getUrn()),
            inputs,
            timeout: request.getTimeout(),
            preview: request.getPreview(),
          });
          return new proto.CreateResponse().setId(id).setProperties(encode(mark(outputs)));
        }),
      ),
      read: unary((request: providerProto.ReadRequest) => {
        const known = { ...decodeProperties(request.getProperties()), ...decodeProperties(request.getInputs()) };
        return withSecretsOf(known, async (_, mark) => {
          const found = await provider.read({
            ...this.#context(request),
            id: request.getId(),
            inputs: bare(request.getInputs()),
            outputs: bare(request.getProperties()),
          });
          if (!found) return new proto.ReadResponse();
          const response = new proto.ReadResponse().setId(found.id).setProperties(encode(mark(found.outputs)));
          return found.inputs ? response.setInputs(encode(mark(found.inputs))) : response;
        });
      }),
      update: unary((request: providerProto.UpdateRequest) =>
        withSecretsOf(decodeProperties(request.getNews()), async (news, mark) => {
          if (cannotPreview(request)) return new proto.UpdateResponse().setProperties(encode(mark(news)));
          const outputs = await provider.update({
            ...this.#context(request),
            id: request.getId(),
            oldInputs: bare(request.getOldInputs()),
            oldOutputs: bare(request.getOlds()),
            news,
            ignoreChanges: request.getIgnorechangesList(),
            timeout: request.getTimeout(),
            preview: request.getPreview(),
          });
          return new proto.UpdateResponse().setProperties(encode(mark(outputs)));
        }),
      ),
      delete: unary(async (request: providerProto.DeleteRequest) => {
        await provider.delete({
          ...this.#context(request),
          id: request.getId(),
          inputs: bare(request.getOldInputs()),
          outputs: bare(request.getProperties()),
          timeout: request.getTimeout(),
        });
        return new emptyProto.Empty();
      }),
      invoke: unary(async (request: providerProto.InvokeRequest) => {
        const result = await provider.invoke({
          token: request.getTok(),
          args: bare(request.getArgs()),
          signal: this.#cancel.signal,
        });
        return new proto.InvokeResponse()
          .setReturn(encode(result.outputs))
          .setFailuresList(failureList(result.failures));
      }),
      parameterize: unimplemented,
      construct: unimplemented,
      call: unimplemented,
      getMapping: unimplemented,
      getMappings: unimplemented,
      list: (call: grpc.ServerWritableStream<unknown, unknown>) => call.emit("error", unimplementedStatus),
    };
  }

  #connect(address: string | undefined): void {
    if (!address) return;
    this.#engine?.close();
    this.#engine = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  }

  #context(request: ResourceRequest): CallContext {
    const urn = request.getUrn();
    const type = request.getType() || (urn.split("::")[2]?.split("$").at(-1) ?? "");
    return { urn, type, signal: this.#cancel.signal, log: (severity, message) => this.#log(urn, severity, message) };
  }

  #log(urn: string, severity: Parameters<CallContext["log"]>[0], message: string): void {
    const { DEBUG, INFO, WARNING, ERROR } = engineProto.LogSeverity;
    const severities = { debug: DEBUG, info: INFO, status: INFO, warning: WARNING, error: ERROR };
    const request = new engineProto.LogRequest()
      .setUrn(urn)
      .setSeverity(severities[severity])
      .setMessage(message)
      .setEphemeral(severity === "status");
    // Nothing depends on a line being shown.
    this.#engine?.log(request, () => {});
  }
}

type Mark = (outputs: PropertyMap) => PropertyMap;

/** Calls with bare inputs; outputs, those of an InitError too, are secret again where the inputs were. */
async function withSecretsOf<T>(inputs: PropertyMap, call: (bare: PropertyMap, mark: Mark) => Promise<T>): Promise<T> {
  const mark: Mark = (outputs) => annotate(outputs, inputs);
  try {
    return await call(stripAll(inputs), mark);
  } catch (error) {
    if (!(error instanceof InitError)) throw error;
    throw new InitError(error.id, mark(error.outputs), error.reasons, error.inputs && mark(error.inputs));
  }
}

function unary<Request, Response>(
  method: (request: Request) => Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    method(call.request).then(
      (response) => callback(null, response),
      (error) => callback(encodeError(error)),
    );
  };
}

const unimplementedStatus = { code: grpc.status.UNIMPLEMENTED, details: "not implemented by this provider" };

function unimplemented(_call: unknown, callback: grpc.sendUnaryData<unknown>): void {
  callback(unimplementedStatus);
}

function encode(properties: PropertyMap): structProto.Struct {
  return encodeProperties(properties, { secrets: true, resources: true });
}

function bare(struct: structProto.Struct | undefined): PropertyMap {
  return stripAll(decodeProperties(struct));
}

function failureList(failures: CheckResult["failures"]): providerProto.CheckFailure[] {
  return (failures ?? []).map(({ property, reason }) =>
    new proto.CheckFailure().setProperty(property).setReason(reason),
  );
}

function checkResponse(result: CheckResult, news: PropertyMap): providerProto.CheckResponse {
  return new proto.CheckResponse()
    .setInputs(encode(annotate(result.inputs, news)))
    .setFailuresList(failureList(result.failures));
}

function diffResponse(result: DiffResult): providerProto.DiffResponse {
  const { changes, replaces, diffs, detailedDiff, deleteBeforeReplace } = result;
  const response = new proto.DiffResponse()
    .setChanges(changes === undefined ? Changes.DIFF_UNKNOWN : changes ? Changes.DIFF_SOME : Changes.DIFF_NONE)
    .setReplacesList([...(replaces ?? [])])
    .setDiffsList([...(diffs ?? [])])
    .setDeletebeforereplace(deleteBeforeReplace ?? false);
  if (detailedDiff) encodeDetailedDiff(detailedDiff, response);
  return response;
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** CLIs ask for a schema only to say what a package offers. */
function emptySchema(provider: Provider): string {
  return JSON.stringify({ name: provider.name, version: provider.version || "0.0.0" });
}
