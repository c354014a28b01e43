import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import grpc from "@grpc/grpc-js";
import languageGrpc from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languageProto from "@pulumi/pulumi/proto/language_pb.js";
import { channelOptions } from "../plugin/channel.ts";
import type { DeploymentEvent, DeploymentOptions, Program } from "./types.ts";

/** With this code a program ends that has told its user already what went wrong. */
const alreadyTold = 32;

/** How long a program that is asked to end may take, in milliseconds. */
const grace = 5000;

/** What makes the SDK start sooner: its modules when they are used, and room for what it allots. */
const lighter = [
  "--min-semi-space-size=16",
  `--import=${pathToFileURL(path.join(import.meta.dirname, `program-preload${path.extname(import.meta.filename)}`))}`,
];

export interface Launch {
  readonly options: DeploymentOptions;
  /** host:port of the ResourceMonitor service. */
  readonly monitorAddress: string;
  /** host:port of the Engine service. */
  readonly engineAddress: string;
  readonly event: (event: DeploymentEvent) => void;
}

/** A program that runs. */
export interface RunningProgram {
  /** Undefined: it ended well. A string: what it failed with, "" if the user knows already. Never rejects. */
  readonly ended: Promise<string | undefined>;
  /** Ends it, if it is ours to end. */
  stop(): Promise<void>;
}

/** Starts the program of a deployment. */
export function launch(program: Program, context: Launch): RunningProgram {
  return "languageServer" in program ? runServed(program.languageServer, context) : runProcess(program, context);
}

/** Runs a Node program by the SDK's own `cmd/run`, found from the program's folder. */
function runProcess(program: Exclude<Program, { languageServer: string }>, context: Launch): RunningProgram {
  const { options, event } = context;
  const script = findRunner(program.directory);
  const flags: [string, string][] = [
    ["monitor", context.monitorAddress],
    ["engine", context.engineAddress],
    ["organization", options.organization],
    ["project", options.project],
    ["root-directory", options.root],
    ["stack", options.stack],
    ["pwd", program.directory],
    ["parallel", String(options.parallel)],
  ];
  const child = spawn(
    process.execPath,
    [
      ...lighter,
      ...program.nodeArgs,
      script,
      ...flags.filter(([, value]) => value).flatMap(([flag, value]) => [`--${flag}`, value]),
      ...(options.dryRun ? ["--dry-run"] : []),
      program.entry,
    ],
    {
      cwd: program.directory,
      stdio: ["ignore", "pipe", "pipe"],
      // A Ctrl-C is ours to deal with: running steps are finished before the program is ended.
      detached: true,
      env: {
        NODE_COMPILE_CACHE: path.join(os.tmpdir(), `node-compile-cache-${os.userInfo().uid}`),
        ...process.env,
        PULUMI_NODEJS_TYPESCRIPT: String(program.typescript),
        ...configEnvironment(options),
      },
    },
  );
  const output = Promise.all([
    forward(child.stdout, (message) => event({ kind: "diagnostic", severity: "info", message })),
    forward(child.stderr, (message) => event({ kind: "diagnostic", severity: "info#err", message })),
  ]);
  return { ended: outcome(child, output), stop: () => stop(child) };
}

function findRunner(directory: string): string {
  const runner = process.env.PULUMI_LANGUAGE_NODEJS_RUN_PATH ?? "@pulumi/pulumi/cmd/run";
  try {
    return createRequire(path.join(directory, "program.js")).resolve(runner);
  } catch {
    throw new Error(`the program in ${directory} has no @pulumi/pulumi to run with; install its dependencies first`);
  }
}

/** The configuration as programs read it. */
function configEnvironment({ config }: DeploymentOptions): Record<string, string> {
  const entries = Object.entries(config);
  return {
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(entries.map(([key, { value }]) => [key, value]))),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(entries.filter(([, { secret }]) => secret).map(([key]) => key)),
  };
}

async function outcome(child: ChildProcess, output: Promise<unknown>): Promise<string | undefined> {
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once("error", (error) => resolve([null, error.message]));
    child.once("exit", (...end) => resolve(end));
  });
  // A process that the program left behind may hold its output open for ever.
  await Promise.race([output, new Promise((resolve) => setTimeout(resolve, 200).unref())]);
  if (code === 0) return undefined;
  if (code === alreadyTold) return "";
  return code === null ? `Program ended: ${signal}` : `Program exited with non-zero exit code: ${code}`;
}

async function forward(stream: NodeJS.ReadableStream | null, tell: (line: string) => void): Promise<void> {
  if (!stream) return;
  const lines = createInterface({ input: stream });
  lines.on("line", tell);
  await once(lines, "close");
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, "exit");
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGKILL"), grace);
  await exit;
  clearTimeout(timer);
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
