/** Programs that are functions of this process. */
import { createRequire } from "node:module";
import grpc from "@grpc/grpc-js";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import type languageProto from "@pulumi/pulumi/proto/language_pb.js";
import { channelOptions, listen } from "../plugin/channel.ts";
import { asProgram } from "./rejections.ts";

/** A program as the SDK's Automation API takes it: makes resources, and returns the stack's outputs. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one of them.
export type InlineProgram = () => Outputs | void | Promise<Outputs | void>;

/** A stack's outputs by their names; values may be `pulumi.Output`s. */
type Outputs = Record<string, unknown>;

type Run = grpc.handleUnaryCall<languageProto.RunRequest, languageProto.RunResponse>;

/** What the SDK has inside for the programs of its Automation API; it has no types. */
interface AutomationServer {
  readonly LanguageServer: new (program: InlineProgram) => { run(...call: Parameters<Run>): Promise<void> };
}

/** Serves a program to one deployment; each of its runs has an SDK of its own, so that several can run at once. */
export class InlineServer implements AsyncDisposable {
  /** host:port of the LanguageRuntime service. */
  readonly address: string;
  readonly #server: grpc.Server;
  readonly #leave: (() => void)[];

  private constructor(server: grpc.Server, port: number, leave: (() => void)[]) {
    this.#server = server;
    this.address = `127.0.0.1:${port}`;
    this.#leave = leave;
  }

  static async start(program: InlineProgram): Promise<InlineServer> {
    // Loaded when a program is run: it takes longer than everything else here.
    const sdk = createRequire(import.meta.url)("@pulumi/pulumi/automation/server.js") as AutomationServer;
    const language = new sdk.LanguageServer(program);
    const leave: (() => void)[] = [];
    const run: Run = (...call) => {
      leave.push(asProgram(() => void language.run(...call)));
    };
    const server = new grpc.Server(channelOptions);
    server.addService(languageGrpc.LanguageRuntimeService, { run });
    return new InlineServer(server, await listen(server), leave);
  }

  /** Leaves the program alone: once a deployment has failed, the SDK lets it wait for ever. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
    for (const leave of this.#leave) leave();
  }
}
