/**
 * Engine events as the real CLI logs them (`apitype.EngineEvent`), for the Automation API and `--json`.
 * They go to a file, one JSON line each, or to a gRPC server (`tcp://…`).
 */
import { createWriteStream } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { DeploymentEvent, ResourceState, StepMetadata } from "../deploy/types.ts";
import { encodeProperties, type Seal } from "../state/property-json.ts";
import type { EventSink } from "./grpc-sink.ts";

interface Summary {
  readonly maybeCorrupt: boolean;
  readonly durationSeconds: number;
  readonly resourceChanges: Readonly<Record<string, number>>;
  readonly isPreview: boolean;
  readonly result: string;
}

const mask: Seal = () => ({ ciphertext: "[secret]" });

export class EventLog {
  readonly #sinks: readonly EventSink[];
  /** What says of a step that it is a preview's. */
  readonly #planning: string;
  #sequence = 0;

  /** @param planning whether it is a preview that is logged */
  constructor(sinks: readonly EventSink[], planning: boolean) {
    this.#sinks = sinks;
    this.#planning = planning ? `,"planning":true` : "";
  }

  /** @param config values by full key, secrets masked */
  prelude(config: Readonly<Record<string, string>>): void {
    this.#write("preludeEvent", JSON.stringify({ config }));
  }

  deployment(event: DeploymentEvent): void {
    if (this.#sinks.length === 0) return;
    if (event.kind === "diagnostic") {
      this.#write("diagnosticEvent", encodeDiagnostic(event));
      return;
    }
    const metadata = `"metadata":${encodeMetadata(event.metadata)}`;
    if (event.kind === "resource-pre") this.#write("resourcePreEvent", `{${metadata}${this.#planning}}`);
    else if (event.kind === "resource-outputs") this.#write("resOutputsEvent", `{${metadata}${this.#planning}}`);
    else this.#write("resOpFailedEvent", `{${metadata},"status":${event.status},"steps":${event.steps}}`);
  }

  summary({ maybeCorrupt, durationSeconds, resourceChanges, isPreview, result }: Summary): void {
    const event = { maybeCorrupt, durationSeconds, resourceChanges, PolicyPacks: {}, isPreview, result };
    this.#write("summaryEvent", JSON.stringify(event));
  }

  /** The last event, and the wait for all of them to arrive. */
  async close(): Promise<void> {
    this.#write("cancelEvent", "{}");
    await Promise.all(this.#sinks.map((sink) => sink.close()));
  }

  #write(key: string, payload: string): void {
    const head = `"sequence":${this.#sequence++},"timestamp":${Math.floor(Date.now() / 1000)}`;
    for (const sink of this.#sinks) sink.write(`{${head},"${key}":${payload}}`);
  }
}

type Diagnostic = Extract<DeploymentEvent, { kind: "diagnostic" }>;

function encodeDiagnostic({ urn, severity, prefix, ephemeral, streamId, ...event }: Diagnostic): string {
  const message = stripVTControlCharacters(event.message);
  return JSON.stringify({
    ...(urn ? { urn } : {}),
    prefix: prefix ?? (severity === "info#err" || severity === "info" ? "" : `${severity}: `),
    message: message.endsWith("\n") ? message : `${message}\n`,
    color: "never",
    severity,
    ...(streamId ? { streamID: streamId } : {}),
    ...(ephemeral ? { ephemeral } : {}),
  });
}

function encodeMetadata(step: StepMetadata): string {
  const members = [
    `"op":"${step.op}"`,
    `"urn":${JSON.stringify(step.urn)}`,
    `"type":${JSON.stringify(step.type)}`,
    `"old":${encodeState(step.old)}`,
    `"new":${encodeState(step.new)}`,
    ...(step.keys?.length ? [`"keys":${JSON.stringify(step.keys)}`] : []),
    ...(step.diffs?.length ? [`"diffs":${JSON.stringify(step.diffs)}`] : []),
    `"detailedDiff":${JSON.stringify(step.detailedDiff ?? null)}`,
    ...(step.logical ? [`"logical":true`] : []),
    `"provider":${JSON.stringify(step.provider)}`,
  ];
  return `{${members.join(",")}}`;
}

function encodeState(state: ResourceState | undefined): string {
  if (state === undefined) return "null";
  const on = (...flags: ("custom" | "delete" | "protect" | "retainOnDelete")[]) =>
    flags.filter((flag) => state[flag] === true).map((flag) => `"${flag}":true`);
  const members = [
    `"type":${JSON.stringify(state.type)}`,
    `"urn":${JSON.stringify(state.urn)}`,
    ...on("custom", "delete"),
    `"id":${JSON.stringify(state.id ?? "")}`,
    `"parent":${JSON.stringify(state.parent ?? "")}`,
    ...on("protect", "retainOnDelete"),
    `"inputs":${encodeProperties(state.inputs, mask)}`,
    `"outputs":${encodeProperties(state.outputs, mask)}`,
    `"provider":${JSON.stringify(state.provider ?? "")}`,
    ...(state.initErrors?.length ? [`"initErrors":${JSON.stringify(state.initErrors)}`] : []),
  ];
  return `{${members.join(",")}}`;
}

/** @param target a file, or `tcp://HOST:PORT` of an `Events` service */
export async function openSink(target: string): Promise<EventSink> {
  if (!target.startsWith("tcp://")) return fileSink(target);
  const { grpcSink } = await import("./grpc-sink.ts");
  return grpcSink(target.slice("tcp://".length));
}

function fileSink(path: string): EventSink {
  const stream = createWriteStream(path, { flags: "a", mode: 0o600 });
  const failed = new Promise<never>((_, reject) => stream.once("error", reject));
  failed.catch(() => undefined);
  return {
    write: (event) => stream.write(`${event}\n`),
    close: () => Promise.race([failed, new Promise<void>((done) => stream.end(() => done()))]),
  };
}
