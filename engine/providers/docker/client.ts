import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { InitError } from "../../src/plugin/contract.ts";
import type { PropertyMap } from "../../src/values/values.ts";
import { list, type Properties, string } from "../bridge/index.ts";
import { patient } from "./patience.ts";

/** The provider's own configuration, as `docker:host` and so on. */
export const configuration: Properties = {
  host: string(),
  caMaterial: string(),
  certMaterial: string(),
  certPath: string(),
  keyMaterial: string({ sensitive: true }),
  context: string({ unsupported: true }),
  disableDockerDaemonCheck: { type: "bool" },
  registryAuth: list({}, { unsupported: true }),
  sshOpts: list("string", { unsupported: true }),
};

/** Where the engine is, for messages and for the client. */
export function dockerHost(config: PropertyMap): string {
  return text(config.host) || process.env.DOCKER_HOST || "unix:///var/run/docker.sock";
}

/** A client for the configured engine, patient with one that is being started; it speaks that engine's API version. */
export function connect(config: PropertyMap): Docker {
  const host = dockerHost(config);
  if (host.startsWith("unix://")) {
    // An empty host keeps DOCKER_HOST out when the configuration says otherwise.
    return patient(new Docker({ socketPath: host.slice("unix://".length).replace(/^~/, homedir()), host: "" }));
  }
  const url = URL.parse(host.includes("://") ? host : `tcp://${host}`);
  if (!url || !["tcp:", "http:", "https:"].includes(url.protocol)) {
    throw new Error(`docker:host must be unix:///path, tcp://name:port or https://name:port, not "${host}"`);
  }
  const tls = certificates(config);
  const secure = tls !== undefined || url.protocol === "https:";
  const port = url.port || (secure ? "2376" : "2375");
  return patient(new Docker({ host: url.hostname, port, protocol: secure ? "https" : "http", ...tls }));
}

function certificates(config: PropertyMap): { ca: string; cert: string; key: string } | undefined {
  const { caMaterial, certMaterial, keyMaterial } = config;
  if (caMaterial || certMaterial || keyMaterial) {
    if (caMaterial && certMaterial && keyMaterial) {
      return { ca: text(caMaterial), cert: text(certMaterial), key: text(keyMaterial) };
    }
    throw new Error("docker:caMaterial, docker:certMaterial and docker:keyMaterial must be given together");
  }
  const folder = text(config.certPath) || process.env.DOCKER_CERT_PATH;
  if (!folder) return undefined;
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** What dockerode throws: an HTTP answer with the daemon's message, or a failed connection. */
interface DockerFailure {
  readonly message: string;
  readonly statusCode?: number;
  readonly json?: unknown;
  readonly code?: string;
}

/** The daemon's own message, in one line; of a failed connection, what to look at. */
export function explain(error: unknown, host: string): Error {
  if (error instanceof InitError || !(error instanceof Error))
    return error instanceof Error ? error : new Error(String(error));
  const { code } = error as DockerFailure;
  if (
    ["ECONNREFUSED", "ENOENT", "EACCES", "ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH"].includes(code ?? "") &&
    "syscall" in error &&
    ["connect", "getaddrinfo"].includes(String(error.syscall))
  ) {
    return new Error(`cannot reach Docker at ${host} (${code}): is it running, and may this user use it?`);
  }
  return new Error(messageOf(error));
}

/** An error's message in one line, without dockerode's "(HTTP code 409) conflict -". */
export function messageOf(error: unknown): string {
  const json = (error as Partial<DockerFailure>).json;
  const own = typeof json === "object" && json !== null && "message" in json ? String(json.message) : undefined;
  const message = own ?? (error instanceof Error ? error.message : String(error));
  return message
    .replace(/^\(HTTP code \d+\) [^-]*- /, "")
    .trim()
    .split(/\s*\n\s*/)
    .join("; ");
}

export function statusOf(error: unknown): number | undefined {
  return (error as Partial<DockerFailure>).statusCode;
}

/** The result, or undefined when the daemon says that there is no such thing. */
export async function unlessMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
