import { once } from "node:events";
import { createInterface } from "node:readline";
import { setImmediate as round } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languageProto from "@pulumi/pulumi/proto/language_pb.js";
import { channelOptions } from "../plugin/channel.ts";
import type { NodeProgram } from "./program-process.ts";
import { ProgramProcess } from "./program-process.ts";
import type { DeploymentEvent, DeploymentOptions, Program } from "./types.ts";

/** With this code a program ends that has told its user already what went wrong. */
const alreadyTold = 32;

interface Launch {
  readonly options: DeploymentOptions;
  /** host:port of the ResourceMonitor service. */
  readonly monitorAddress: string;
  /** host:port of the Engine service. */
  readonly engineAddress: string;
  readonly event: (event: DeploymentEvent) => void;
  /** A process of the program that waits already. */
  readonly ahead: ProgramProcess | undefined;
}

/** A program that runs. */
interface RunningProgram {
  /** Undefined: it ended well. A string: what it failed with, "" if the user knows already. Never rejects. */
  readonly ended: Promise<string | undefined>;
  /** Ends it, if it is ours to end. */
  stop(): Promise<void>;
}

/** Starts the program of a deployment. */
export function launch(program: Program, context: Launch): RunningProgram {
  return "languageServer" in program ? runServed(program.languageServer, context) : runProcess(program, context);
}

/** Tells a Node program what it needs, and forwards what it prints. */
function runProcess(
  program: NodeProgram,
  { options, monitorAddress, engineAddress, event, ahead }: Launch,
): RunningProgram {
  const running = ahead ?? new ProgramProcess(program);
  const flags: [string, string][] = [
    ["monitor", monitorAddress],
    ["engine", engineAddress],
    ["organization", options.organization],
    ["project", options.project],
    ["root-directory", options.root],
    ["stack", options.stack],
    ["pwd", program.directory],
    ["parallel", String(options.parallel)],
  ];
  running.begin({
    args: [
      ...flags.filter(([, value]) => value).flatMap(([flag, value]) => [`--${flag}`, value]),
      ...(options.dryRun ? ["--dry-run"] : []),
      program.entry,
    ],
    env: configEnvironment(options),
    debug: options.debug ?? false,
  });
  const [stdout, stderr] = running.output;
  const output = Promise.all([
    forward(stdout, (message) => event({ kind: "diagnostic", severity: "info", message })),
    forward(stderr, (message) => event({ kind: "diagnostic", severity: "info#err", message })),
  ]);
  return { ended: outcome(running, output), stop: () => running.stop() };
}

/** The configuration as programs read it. */
function configEnvironment({ config }: DeploymentOptions): Record<string, string> {
  const entries = Object.entries(config);
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(entries.map(([key, { value }]) => [key, value]))),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(entries.filter(([, { secret }]) => secret).map(([key]) => key)),
  };
}

async function outcome(running: ProgramProcess, output: Promise<unknown>): Promise<string | undefined> {
  const [code, signal] = await running.exited;
  // A process that the program left behind may hold its output open for ever.
  await Promise.race([output, drained(running.output)]);
  if (code === 0) return undefined;
  if (code === alreadyTold) return "";
  return code === null ? `Program ended: ${signal}` : `Program exited with non-zero exit code: ${code}`;
}

/** Resolves when everything is read that an ended process wrote: a round of the event loop brought nothing more. */
async function drained(streams: ProgramProcess["output"]): Promise<void> {
  let more = true;
  const read = () => {
    more = true;
  };
  for (const stream of streams) stream?.on("data", read);
  // The round in which the process ended may have looked at its pipes before.
  await round();
  while (more) {
    more = false;
    await round();
  }
}

async function forward(stream: NodeJS.ReadableStream | null, tell: (line: string) => void): Promise<void> {
  if (!stream) return;
  const lines = createInterface({ input: stream });
  lines.on("line", tell);
  await once(lines, "close");
}

/** Runs a program that an Automation API caller serves; its process is the caller's. */
function runServed(server: string, { options, monitorAddress, engineAddress }: Launch): RunningProgram {
  const client = new languageGrpc.LanguageRuntimeClient(server, grpc.credentials.createInsecure(), channelOptions);
  const request = new languageProto.RunRequest()
    .setProject(options.project)
    .setStack(options.stack)
    .setOrganization(options.organization)
    .setPwd(options.root)
    .setProgram(".")
    .setArgsList([engineAddress])
    .setDryrun(options.dryRun)
    .setParallel(options.parallel)
    .setMonitorAddress(monitorAddress)
    .setInfo(
      new languageProto.ProgramInfo()
        .setRootDirectory(options.root)
        .setProgramDirectory(options.root)
        .setEntryPoint("."),
    );
  for (const [key, { value, secret }] of Object.entries(options.config)) {
    request.getConfigMap().set(key, value);
    if (secret) request.addConfigsecretkeys(key);
  }
  const ended = new Promise<string | undefined>((resolve) => {
    client.run(request, (error, response) => {
      client.close();
      if (error) resolve(`an unhandled error occurred: ${error.details}`);
      else if (response.getBail()) resolve("");
      else resolve(response.getError() ? `an unhandled error occurred: ${response.getError()}` : undefined);
    });
  });
  return { ended, stop: async () => client.close() };
}
