import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import grpc from "@grpc/grpc-js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { channelOptions } from "./channel.ts";
import type { Provider } from "./contract.ts";
import { RemoteProvider } from "./remote.ts";

/** What plugins are told about the deployment that starts them. */
export interface PluginEnvironment {
  /** host:port of the Engine service. */
  readonly engineAddress: () => string;
  readonly programDirectory: string;
  readonly project: string;
  /** All configuration, by full keys. */
  readonly config: Readonly<Record<string, string>>;
  /** Shows a line that a plugin wrote to its output. */
  output(line: string): void;
}

/** How long a plugin may take to print its port, and to end, in milliseconds. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;

/** Starts a plugin's process: it prints the port it serves on as its first line. */
export async function startPlugin(
  name: string,
  command: string,
  args: readonly string[],
  environment: PluginEnvironment,
): Promise<Provider> {
  const child = spawn(command, [...args, environment.engineAddress()], {
    cwd: environment.programDirectory,
    stdio: ["ignore", "pipe", "pipe"],
    // A Ctrl-C is the engine's to deal with: the plugin is told, and its calls are awaited.
    detached: true,
    env: {
      ...process.env,
      PULUMI_CONFIG: JSON.stringify(environment.config),
      PULUMI_PROJECT: environment.project,
      PULUMI_NODEJS_PROJECT: environment.project,
    },
  });
  createInterface({ input: child.stderr }).on("line", environment.output);
  try {
    const port = await readPort(name, child, environment.output);
    return connect(name, `127.0.0.1:${port}`, () => end(child));
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/** Uses a plugin that runs already, under a debugger for instance; it is left running. */
export async function attachPlugin(name: string, address: string, environment: PluginEnvironment): Promise<Provider> {
  const client = newClient(address);
  const attach = new pluginProto.PluginAttach().setAddress(environment.engineAddress());
  await new Promise<void>((resolve, reject) => {
    client.attach(attach, (error) => {
      if (error && error.code !== grpc.status.UNIMPLEMENTED) {
        reject(new Error(`cannot reach the provider ${name} at ${address}: ${error.details}`));
      } else resolve();
    });
  });
  return new RemoteProvider(name, client, async () => client.close());
}

function connect(name: string, address: string, stop: () => Promise<void>): Provider {
  const client = newClient(address);
  return new RemoteProvider(name, client, async () => {
    client.close();
    await stop();
  });
}

function newClient(address: string): providerGrpc.ResourceProviderClient {
  return new providerGrpc.ResourceProviderClient(address, grpc.credentials.createInsecure(), channelOptions);
}

function readPort(name: string, child: ChildProcess, output: (line: string) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the provider ${name} could not be started: ${why}`));
    const timer = setTimeout(() => fail(`it printed no port within ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`it ended with code ${code}`));
    if (!child.stdout) return fail("it has no output");
    let port: number | undefined;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (port !== undefined) return output(line);
      port = Number(line.trim());
      clearTimeout(timer);
      if (Number.isInteger(port) && port > 0) resolve(port);
      else fail(`its first line, "${line}", is no port`);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exit;
  clearTimeout(timer);
}
