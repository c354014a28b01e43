import * as pulumi from "@pulumi/pulumi";
import { Build, buildContent, Route } from "../../provider/sdk/index.ts";
import { Problems } from "../check/problems.ts";
import { type Fields, object } from "../check/readers.ts";
import { contentHash } from "../content.ts";
import { type Environment, type EnvironmentEntry, type EnvironmentValue, environment } from "../environment.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { ConfigVars } from "./config-vars.ts";
import type { Dyno, DynoSettings } from "./dyno.ts";
import { Formation } from "./formation.ts";
import { appKey } from "./key.ts";
import { PostgresAddon } from "./postgres-addon.ts";
import { type AppSettings, appSettingsFields, type FormationSettings } from "./settings.ts";
import { type AppSource, readSource } from "./source.ts";

export interface AppArgs extends AppSettings {
  /** A `Platform` of the same program, or what `connectPlatform` gives for another stack's. */
  readonly platform: PlatformConnection;
  /**
   * Config vars; all become secrets.
   * @default none
   */
  readonly config?: Readonly<Record<string, EnvironmentValue>>;
  /**
   * Keys the hashes in names.
   * @default `dynoform:key` of the stack's configuration
   */
  readonly key?: string;
}

/** Seconds that requests to the old dynos have to end. */
const DRAIN = 30;

/**
 * An app on a platform. Its resources' order is the deployment: the source is built, web dynos start, the route proves
 * them, switches and drains the old ones, workers start, and what is no longer declared is deleted. Whatever fails
 * stops the rest, and the old dynos keep serving.
 *
 * @example
 * new App("shop", {
 *   platform,
 *   source: { path: "." },
 *   formation: { web: { quantity: 2 }, worker: { quantity: 1, size: "standard-2x" } },
 *   addons: { DATABASE: { service: "postgresql" } },
 *   config: { GREETING: "hello" },
 * });
 */
export class App extends pulumi.ComponentResource {
  readonly name: string;
  /** Where the router serves the app. */
  readonly url: string;
  /** The dynos' Swarm services by the dynos' names: `web.1`. */
  readonly dynos: Readonly<Record<string, string>>;
  /** The image that runs, by its id; undefined without a source. */
  readonly image: pulumi.Output<string> | undefined;
  /** The id of the image's build record; undefined without a source. */
  readonly build: pulumi.Output<string> | undefined;

  constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    const { key, source, formation } = checkArgs(name, args);
    super("dynoform:index:App", name, {}, opts);
    const { platform } = args;
    this.name = args.name ?? name;
    this.url = appUrl(this.name, platform);
    const own = { parent: this, dependsOn: opts?.dependsOn };

    const config = new ConfigVars(`${name}-config`, { values: args.config ?? {}, attached: attached(args) }, own);
    const addons = createAddons(name, { ...args, key, id: args.id ?? this.name }, own);
    const build = source && createBuild(name, { app: this.name, platform, key, source }, own);
    this.image = build?.resource.image;
    this.build = build?.resource.record;

    const started = (types: readonly string[], after: pulumi.ComponentResourceOptions): readonly Dyno[] => {
      if (source === undefined || build === undefined) return [];
      const shared: DynoSettings = {
        platform,
        app: this.name,
        image: build.resource.image,
        slug: build.slug,
        environment: { ...config.environment, ...addons },
        key,
      };
      return types.flatMap((type) => {
        const { quantity = 1, size } = formation[type] ?? {};
        const command = source.processes[type] ?? "";
        return new Formation(`${name}.${type}`, { ...shared, type, command, quantity, size }, after).dynos;
      });
    };
    const types = Object.keys(formation);
    const web = started(
      types.filter((type) => type === "web"),
      own,
    );
    const route = new Route(
      `${name}-route`,
      {
        platform: platform.name,
        socket: platform.socket,
        app: this.name,
        hosts: [`${this.name}.${platform.domain}`, ...(args.hosts ?? [])],
        dynos: web.map((dyno) => ({ name: dyno.service, port: dyno.port, dyno: dyno.dyno })),
        deployed: source !== undefined,
        healthCheck: { type: "http", path: "/", timeout: 60, ...args.healthCheck },
        drain: DRAIN,
      },
      { parent: this, dependsOn: [...web.map((dyno) => dyno.process), ...(platform.ready ?? [])] },
    );
    const workers = started(
      types.filter((type) => type !== "web"),
      { parent: this, dependsOn: route },
    );

    this.dynos = Object.fromEntries([...web, ...workers].map((dyno) => [dyno.dyno, dyno.service]));
    this.registerOutputs({
      name: this.name,
      url: this.url,
      dynos: this.dynos,
      image: this.image,
      build: this.build,
    });
  }
}

type Checked = { key: string; source: AppSource | undefined; formation: Readonly<Record<string, FormationSettings>> };

function checkArgs(name: string, args: AppArgs): Checked {
  const problems = new Problems();
  const at = `App ${name}:`;
  const { platform: _platform, config = {}, key: givenKey, ...settings } = args;
  object<AppSettings>(appSettingsFields as Fields<AppSettings>)({ name, ...settings }, at, problems);
  environment(attached(args))(config, `${at} config`, problems);
  const key = appKey(givenKey, problems);
  problems.check();
  const source = args.source && readSource(args.source.path, `${at} source.path`, problems);
  const formation = formationOf(args.formation, source, `${at} formation`, problems);
  problems.check();
  return { key: key ?? "", source, formation };
}

/** What runs: the declared types, each of which the Procfile must have; `web` even when it is not declared. */
function formationOf(
  declared: AppSettings["formation"] = {},
  source: AppSource | undefined,
  at: string,
  problems: Problems,
): Readonly<Record<string, FormationSettings>> {
  if (source === undefined) return {};
  for (const type of Object.keys(declared)) {
    if (source.processes[type] !== undefined) continue;
    problems.add(
      `${at}.${type}`,
      `is no process type of the Procfile; it has ${Object.keys(source.processes).join(", ")}`,
    );
  }
  return source.processes.web === undefined ? declared : { web: {}, ...declared };
}

/** The variables that an app's add-ons set. */
function attached(args: AppArgs): string[] {
  return Object.keys(args.addons ?? {}).map((attachment) => `${attachment}_URL`);
}

function createAddons(
  name: string,
  args: AppArgs & { readonly id: string; readonly key: string },
  opts: pulumi.ComponentResourceOptions,
): Environment {
  const { platform, key, id: app } = args;
  const entries: Record<string, EnvironmentEntry> = {};
  for (const [attachment, { plan, generation }] of Object.entries(args.addons ?? {})) {
    const addonArgs = { platform, app, attachment, plan, generation, key };
    const addon = new PostgresAddon(`${name}.${attachment}`, addonArgs, opts);
    entries[addon.variable] = addon.entry;
  }
  return entries;
}

/** A build is named by all that goes into it and never updated, so the image under a dyno never changes. */
function createBuild(
  name: string,
  args: {
    readonly app: string;
    readonly platform: PlatformConnection;
    readonly key: string;
    readonly source: AppSource;
  },
  opts: pulumi.CustomResourceOptions,
): { resource: Build; slug: string } {
  const { app, source, platform } = args;
  const inputs = {
    platform: platform.name,
    runtime: platform.directory,
    app,
    directory: source.directory,
    ...buildContent(source),
  };
  const slug = contentHash(args.key, inputs);
  return { resource: new Build(`${name}-build-${slug}`, inputs, opts), slug };
}

function appUrl(name: string, platform: PlatformConnection): string {
  const port = platform.webPort === 80 ? "" : `:${platform.webPort}`;
  return `http://${name}.${platform.domain}${port}/`;
}
