import grpc from "@grpc/grpc-js";
import type providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import type structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { PropertyMap } from "../values/values.ts";
import { decodeProperties, encodeProperties } from "../values/wire.ts";
import type {
  CheckConfigRequest,
  CheckFailure,
  CheckRequest,
  CheckResult,
  CreateRequest,
  CreateResult,
  DeleteRequest,
  DiffConfigRequest,
  DiffRequest,
  DiffResult,
  InvokeRequest,
  InvokeResult,
  Provider,
  ReadRequest,
  ReadResult,
  UpdateRequest,
} from "./contract.ts";
import { decodeDetailedDiff, decodeError } from "./protocol.ts";

const { DIFF_NONE, DIFF_SOME } = providerProto.DiffResponse.DiffChanges;

/** What is sent: bare values only, since not every plugin understands more. */
const plain = { secrets: false, resources: false };

type Client = providerGrpc.ResourceProviderClient;
type Done<Response> = (error: grpc.ServiceError | null, response: Response) => void;

/** Thrown for a method that the plugin has not. */
class Unimplemented extends Error {}

/** A provider in another process, over Pulumi's plugin protocol. */
export class RemoteProvider implements Provider {
  readonly name: string;
  readonly version = "";
  readonly #client: Client;
  readonly #close: () => Promise<void>;
  #supportsPreview = false;

  constructor(name: string, client: Client, close: () => Promise<void>) {
    this.name = name;
    this.#client = client;
    this.#close = close;
  }

  get supportsPreview(): boolean {
    return this.#supportsPreview;
  }

  async checkConfig({ urn, olds, news }: CheckConfigRequest): Promise<CheckResult> {
    const request = new providerProto.CheckRequest().setUrn(urn).setNews(encode(news));
    if (olds) request.setOlds(encode(olds));
    try {
      const response = await call<providerProto.CheckResponse>((done) => this.#client.checkConfig(request, done));
      return { inputs: decodeProperties(response.getInputs()), failures: failures(response.getFailuresList()) };
    } catch (error) {
      if (error instanceof Unimplemented) return { inputs: news };
      throw error;
    }
  }

  async diffConfig({ urn, oldInputs, news }: DiffConfigRequest): Promise<DiffResult> {
    const request = new providerProto.DiffRequest()
      .setUrn(urn)
      .setOlds(encode(oldInputs))
      .setOldInputs(encode(oldInputs))
      .setNews(encode(news));
    try {
      return diffResult(await call<providerProto.DiffResponse>((done) => this.#client.diffConfig(request, done)));
    } catch (error) {
      if (error instanceof Unimplemented) return { changes: undefined };
      throw error;
    }
  }

  async configure(config: PropertyMap): Promise<void> {
    const request = new providerProto.ConfigureRequest()
      .setArgs(encode(config))
      .setAcceptsecrets(true)
      .setSendsOldInputs(true)
      .setSendsOldInputsToDelete(true);
    for (const [key, value] of Object.entries(config)) {
      request
        .getVariablesMap()
        .set(
          key.includes(":") ? key.replace(":", ":config:") : `${this.name}:config:${key}`,
          typeof value === "string" ? value : JSON.stringify(value),
        );
    }
    const response = await call<providerProto.ConfigureResponse>((done) => this.#client.configure(request, done));
    this.#supportsPreview = response.getSupportspreview();
  }

  async check(request: CheckRequest): Promise<CheckResult> {
    const { urn, type, name, olds, news, randomSeed } = request;
    const message = new providerProto.CheckRequest()
      .setUrn(urn)
      .setType(type)
      .setName(name)
      .setOlds(encode(olds ?? {}))
      .setNews(encode(news))
      .setRandomseed(randomSeed);
    const response = await call<providerProto.CheckResponse>((done) => this.#client.check(message, done));
    return { inputs: decodeProperties(response.getInputs()), failures: failures(response.getFailuresList()) };
  }

  async diff(request: DiffRequest): Promise<DiffResult> {
    const message = withChange(new providerProto.DiffRequest(), request);
    return diffResult(await call<providerProto.DiffResponse>((done) => this.#client.diff(message, done)));
  }

  async create({ urn, type, name, inputs, timeout, preview, signal }: CreateRequest): Promise<CreateResult> {
    const message = new providerProto.CreateRequest()
      .setUrn(urn)
      .setType(type)
      .setName(name)
      .setProperties(encode(inputs))
      .setTimeout(timeout)
      .setPreview(preview);
    const response = await this.#cancellable<providerProto.CreateResponse>(signal, (done) =>
      this.#client.create(message, done),
    );
    return { id: response.getId(), outputs: decodeProperties(response.getProperties()) };
  }

  async read({ urn, type, id, inputs, outputs, signal }: ReadRequest): Promise<ReadResult | undefined> {
    const message = new providerProto.ReadRequest()
      .setUrn(urn)
      .setType(type)
      .setId(id)
      .setInputs(encode(inputs))
      .setProperties(encode(outputs));
    const response = await this.#cancellable<providerProto.ReadResponse>(signal, (done) =>
      this.#client.read(message, done),
    );
    if (!response.getId()) return undefined;
    const found = response.getInputs();
    return {
      id: response.getId(),
      outputs: decodeProperties(response.getProperties()),
      inputs: found && decodeProperties(found),
    };
  }

  async update(request: UpdateRequest): Promise<PropertyMap> {
    const message = withChange(new providerProto.UpdateRequest(), request)
      .setTimeout(request.timeout)
      .setPreview(request.preview);
    const response = await this.#cancellable<providerProto.UpdateResponse>(request.signal, (done) =>
      this.#client.update(message, done),
    );
    return decodeProperties(response.getProperties());
  }

  async delete({ urn, type, id, inputs, outputs, timeout, signal }: DeleteRequest): Promise<void> {
    const message = new providerProto.DeleteRequest()
      .setUrn(urn)
      .setType(type)
      .setId(id)
      .setOldInputs(encode(inputs))
      .setProperties(encode(outputs))
      .setTimeout(timeout);
    await this.#cancellable<emptyProto.Empty>(signal, (done) => this.#client.delete(message, done));
  }

  async invoke({ token, args, signal }: InvokeRequest): Promise<InvokeResult> {
    const message = new providerProto.InvokeRequest().setTok(token).setArgs(encode(args));
    const response = await this.#cancellable<providerProto.InvokeResponse>(signal, (done) =>
      this.#client.invoke(message, done),
    );
    return { outputs: decodeProperties(response.getReturn()), failures: failures(response.getFailuresList()) };
  }

  async close(): Promise<void> {
    await this.#close();
  }

  /** The plugin is told of a cancelled deployment; its calls are awaited all the same. */
  async #cancellable<Response>(signal: AbortSignal, method: (done: Done<Response>) => unknown): Promise<Response> {
    const tell = () => this.#client.cancel(new emptyProto.Empty(), () => {});
    signal.addEventListener("abort", tell, { once: true });
    try {
      return await call(method);
    } finally {
      signal.removeEventListener("abort", tell);
    }
  }
}

function call<Response>(method: (done: Done<Response>) => unknown): Promise<Response> {
  return new Promise((resolve, reject) => {
    method((error, response) => {
      if (!error) resolve(response);
      else if (error.code === grpc.status.UNIMPLEMENTED) reject(new Unimplemented(error.details));
      else reject(decodeError(error));
    });
  });
}

/** What a diff and the update after it have in common. */
function withChange<Message extends providerProto.DiffRequest | providerProto.UpdateRequest>(
  message: Message,
  { urn, type, id, oldOutputs, oldInputs, news, ignoreChanges }: DiffRequest,
): Message {
  message.setUrn(urn);
  message.setType(type);
  message.setId(id);
  message.setOlds(encode(oldOutputs));
  message.setOldInputs(encode(oldInputs));
  message.setNews(encode(news));
  message.setIgnorechangesList([...ignoreChanges]);
  return message;
}

function encode(properties: PropertyMap): structProto.Struct {
  return encodeProperties(properties, plain);
}

function failures(list: readonly providerProto.CheckFailure[]): CheckFailure[] {
  return list.map((failure) => ({ property: failure.getProperty(), reason: failure.getReason() }));
}

function diffResult(response: providerProto.DiffResponse): DiffResult {
  const changes = response.getChanges();
  return {
    changes: changes === DIFF_SOME ? true : changes === DIFF_NONE ? false : undefined,
    replaces: response.getReplacesList(),
    deleteBeforeReplace: response.getDeletebeforereplace(),
    diffs: response.getDiffsList(),
    detailedDiff: decodeDetailedDiff(response),
  };
}
