import { type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import { UserError } from "../lib/errors.ts";
import { isRecord } from "../lib/validation/readers.ts";
import { appNames, appSettingsOf, platformStack } from "../model/stack/declared.ts";
import {
  findProject,
  type PlatformTarget,
  platformsOf,
  readStackFiles,
  type StackFile,
} from "../model/stack/project.ts";
import { apiPort, keyOf } from "./platform.ts";

interface Answer {
  readonly headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: each command knows what it asked for
  readonly body: any;
}

/** The API of a platform's control plane, on this machine. */
export class ApiClient {
  readonly #platform: string;
  readonly #port: number;
  readonly #token: string;

  constructor(args: { readonly platform: string; readonly port: number; readonly token: string }) {
    this.#platform = args.platform;
    this.#port = args.port;
    this.#token = args.token;
  }

  /**
   * Asks, and waits as long as it takes.
   *
   * @throws ApiRefusal with what the API says
   */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const response = await this.#send(method, path, text, {
      accept: "application/vnd.heroku+json; version=3",
      authorization: `Bearer ${this.#token}`,
      "content-type": "application/json",
      prefer: "wait=86400",
      ...headers,
    });
    const answer = await json(response).catch(() => undefined);
    if ((response.statusCode ?? 500) < 300) return { headers: response.headers, body: answer };
    const { message, resource }: Record<string, unknown> = isRecord(answer) ? answer : {};
    throw new ApiRefusal(
      typeof message === "string" ? message : `the control plane of ${this.#platform} answered ${response.statusCode}`,
      typeof resource === "string" ? resource : undefined,
    );
  }

  /** An answer that comes bit by bit, at a URL that the API gave. */
  open(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
    return this.#send("GET", pathOf(url), "", headers);
  }

  #send(method: string, path: string, body: string, headers: Record<string, string>): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      // Node says a body's length by itself for some methods only.
      const length = body === "" ? {} : { "content-length": String(Buffer.byteLength(body)) };
      const options = {
        host: "127.0.0.1",
        port: this.#port,
        path,
        method,
        headers: { ...headers, ...length },
        agent: false,
      };
      const outgoing = request(options, resolve);
      outgoing.on("error", (error) => reject(this.#explain(error)));
      outgoing.end(body);
    });
  }

  #explain(error: Error): Error {
    const { code } = error as { code?: string };
    if (code === "ECONNREFUSED") {
      return new Unreachable(
        `the control plane of ${this.#platform} does not answer on 127.0.0.1:${this.#port}. Bring it up: \`npm run up\`.`,
      );
    }
    if (code === "ECONNRESET" || code === "EPIPE") {
      return new Unreachable(
        `the control plane of ${this.#platform} went away while it was asked. Repeat the command.`,
      );
    }
    return error;
  }
}

/** What the API would not do. */
export class ApiRefusal extends UserError {
  /** Heroku's word for the kind of thing that there is none of, where that is why. */
  readonly resource: string | undefined;

  constructor(message: string, resource: string | undefined) {
    super(message);
    this.resource = resource;
  }
}

/** Nobody answers now; somebody may later. */
export class Unreachable extends UserError {}

/** The app that a command is about, and the API that has it. */
export interface Target {
  readonly api: ApiClient;
  readonly app: string;
}

/**
 * Finds both from the stack files of the project that the command was started in.
 *
 * @param wanted `-a APP`; not needed where there is only one app
 */
export async function findTarget(directory: string, wanted: unknown): Promise<Target> {
  const files = await readStackFiles(await findProject(directory));
  const apps = files.filter(({ kind }) => kind === "app");
  const app = chooseApp(apps, wanted);
  const stack = platformStack(appSettingsOf(app.config));
  const platforms = files.filter(({ kind }) => kind === "platform");
  const platform = platforms.find((file) => file.stack === stack) ?? platforms[0];
  const [target] = platformsOf(platform === undefined ? [] : [platform]);
  if (target === undefined) throw new UserError("no stack file here declares a platform.");
  return { api: await hostClient(target), app: appName(app) };
}

/** A platform's API for whoever holds the host: it takes them for the first admin. */
export async function hostClient(target: PlatformTarget): Promise<ApiClient> {
  return new ApiClient({ platform: target.name, port: apiPort(target), token: await keyOf(target) });
}

function chooseApp(apps: readonly StackFile[], wanted: unknown): StackFile {
  const names = apps.map(appName).join(", ");
  if (typeof wanted === "string") {
    const found = apps.find((file) => appName(file) === wanted);
    if (found === undefined) throw new UserError(`there is no app ${wanted} here; there is ${names || "none"}.`);
    return found;
  }
  const [only, ...others] = apps;
  if (only === undefined) throw new UserError("no stack file here declares an app.");
  if (others.length > 0) throw new UserError(`say which app: \`-a APP\`. There are ${names}.`);
  return only;
}

function appName({ stack, config }: StackFile): string {
  return appNames(appSettingsOf(config), stack).name;
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}
