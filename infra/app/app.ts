import * as pulumi from "@pulumi/pulumi";
import { Problems } from "../../lib/validation/problems.ts";
import { type Fields, object } from "../../lib/validation/readers.ts";
import { type FormationEntry, formationOf } from "../../model/app/formation.ts";
import { metadata, releaseNumber } from "../../model/app/labs.ts";
import type { Configs, LedgerEntry } from "../../model/app/ledger.ts";
import { type AppSettings, appFieldsOf, type HealthCheckSettings } from "../../model/app/settings.ts";
import { contentHash } from "../../model/content.ts";
import { stableId } from "../../model/ids.ts";
import { appUrl } from "../../model/platform/addresses.ts";
import {
  Build,
  type BuildArgs,
  buildContent,
  type CertificateArgs,
  type ReleaseArgs,
  type ReleaseTaskArgs,
  Route,
  type RouteArgs,
} from "../../provider/sdk/index.ts";
import { repositoryPath } from "../../sources/git/repository.ts";
import { type Environment, type EnvironmentValue, environment, plainEntries, versions } from "../environment.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { changeOf, type Transform, transformed } from "../transform.ts";
import { type CreatedAddons, checkAddons, createAddons } from "./addons.ts";
import { type CertificateKeys, checkCertificates, createCertificates } from "./certificates.ts";
import { ConfigVars } from "./config-vars.ts";
import type { Dyno, DynoSettings, DynoTransform } from "./dyno.ts";
import { Formation } from "./formation.ts";
import { appKey } from "./key.ts";
import type { DatabaseOutput, PostgresTransform } from "./postgres-login.ts";
import { configHash, createRelease, createReleaseTask, values } from "./release.ts";
import { type AppSource, readSource } from "./source.ts";

/**
 * Changes any resource of an app before it is registered. Each is called with the arguments, the options and the name
 * of what it changes, as often as there are such resources; `name` tells `shop.web.1` from `shop.worker.1`.
 *
 * Whatever is named after its content (`service`, `build`, `releaseTask`) has a changed argument in its name, and so is
 * made anew beside the old one. The others are updated in place, as for any change of theirs.
 *
 * @example
 * new App("shop", {
 *   platform,
 *   source: { path: "." },
 *   addons: { DATABASE: { service: "postgresql" } },
 *   transform: {
 *     service(args, _opts, name) {
 *       args.labels?.push({ label: "team", value: "shop" });
 *       if (name.startsWith("shop.worker.")) args.taskSpec.containerSpec.hosts = [{ host: "old.example.com", ip: "203.0.113.7" }];
 *     },
 *     database(_args, opts) {
 *       opts.protect = true;
 *     },
 *   },
 * });
 */
export interface AppTransform extends DynoTransform, PostgresTransform {
  /** The image of a source. It is never updated: a changed argument is another build. */
  readonly build?: Transform<BuildArgs>;
  /** The run of the release command. A changed argument runs it again. */
  readonly releaseTask?: Transform<ReleaseTaskArgs>;
  /** The app's entry in the router's table. */
  readonly route?: Transform<RouteArgs>;
  /** A certificate that the app's hosts are served with. */
  readonly certificate?: Transform<CertificateArgs>;
  /** The ledger of releases. */
  readonly release?: Transform<ReleaseArgs>;
}

export interface AppArgs extends AppSettings {
  /** A `Platform` of the same program, or what `connectPlatform` gives for another stack's. */
  readonly platform: PlatformConnection;
  /**
   * Config vars; all become secrets.
   * @default none
   */
  readonly config?: Readonly<Record<string, EnvironmentValue>>;
  /**
   * The keys of `certificates` by their names, PEM; all become secrets.
   * @default none
   */
  readonly certificateKeys?: CertificateKeys;
  /**
   * The databases that `addons` attaches from other stacks, by attachment.
   * @default none
   */
  readonly databases?: Readonly<Record<string, DatabaseOutput>>;
  /**
   * Keys the hashes in names.
   * @default `dynoform:key` of the stack's configuration
   */
  readonly key?: string;
  /**
   * The last release, or null before the first: dynos with `runtime-dyno-metadata` know by it which one they are.
   * @default they do not
   */
  readonly lastRelease?: LedgerEntry | null;
  /**
   * Changes resources before they are registered: what has no setting of its own needs no fork.
   * @default nothing is changed
   */
  readonly transform?: AppTransform;
}

/** Seconds that requests to the old dynos have to end. */
const DRAIN_SECONDS = 30;

/**
 * An app on a platform. Its resources' order is the deployment: the source is built, the release command runs, web
 * dynos start, the route proves them, switches and drains the old ones, workers start, the release gets its number,
 * and what is no longer declared is deleted. Whatever fails stops the rest, and the old dynos keep serving.
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
  /** What runs of each of the Procfile's process types, `release` excepted. */
  readonly formation: readonly FormationEntry[];
  /** Its own databases by their add-ons' ids, for other apps to attach. */
  readonly databases: CreatedAddons["databases"];
  /** Config vars and what add-ons set; a secret. */
  readonly environment: pulumi.Output<Readonly<Record<string, string>>>;
  /** What `runtime-dyno-metadata` tells every dyno of the app; empty without it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The number of the current release. */
  readonly release: pulumi.Output<number>;
  /** The last releases, oldest first. */
  readonly releases: pulumi.Output<readonly LedgerEntry[]>;
  /** Their config vars by `configHash`; a secret. */
  readonly configs: pulumi.Output<Configs>;

  constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    const { key, source, formation } = checkArgs(name, args);
    super("dynoform:index:App", name, {}, opts);
    const { platform, transform = {} } = args;
    this.name = args.name ?? name;
    const id = args.id ?? this.name;
    const shared = { platform, app: this.name, key, transform };
    this.url = appUrl(this.name, platform);
    const own = { parent: this, dependsOn: opts?.dependsOn };

    const config = new ConfigVars(`${name}-config`, { values: args.config ?? {}, attached: attached(args) }, own);
    const { addons = {}, databases = {} } = args;
    const created = createAddons(name, { platform, app: id, key, addons, databases, transform }, own);
    const environment = { ...config.environment, ...created.environment };
    this.databases = created.databases;
    const build = source && createBuild(name, { ...shared, id, source, environment }, own);
    this.image = build?.resource.image;
    this.build = build?.resource.record;
    this.formation = formation;
    this.environment = pulumi.secret(pulumi.all(values(environment)));

    const labs = [...new Set(args.labs)].sort();
    const declared = {
      slug: build?.slug ?? "",
      digest: source?.digest ?? "",
      commit: source?.commit ?? "",
      configHash: configHash(key, config.environment),
      addons: created.released,
      labs,
    };
    const told = labs.includes("runtime-dyno-metadata");
    const number = args.lastRelease === undefined ? undefined : releaseNumber(args.lastRelease, declared);
    this.metadata = told
      ? metadata({ platform: platform.name, app: this.name, id, commit: declared.commit, release: number })
      : {};
    const ran = number === args.lastRelease?.version ? args.lastRelease : undefined;
    const slug = build && {
      image: build.resource.image,
      slug: build.slug,
      // A config var of the same name holds.
      environment: { ...plainEntries(this.metadata), ...environment },
      ...(told && {
        id: (dyno: string) => stableId("dynoform", platform.name, "dyno", id, dyno),
        ...(number !== undefined && { releasedAt: ran?.createdAt ?? new Date().toISOString() }),
      }),
    };
    const size = formation.find(({ type }) => type === "web")?.size ?? "free";
    const task = slug && source && createReleaseTask(`${name}-release-task`, { ...shared, ...slug, source, size }, own);
    const started = (entries: readonly FormationEntry[], after: pulumi.ComponentResourceOptions): readonly Dyno[] => {
      if (slug === undefined) return [];
      const settings: DynoSettings = { ...shared, ...slug };
      return entries.flatMap((entry) => new Formation(`${name}.${entry.type}`, { ...settings, ...entry }, after).dynos);
    };
    const web = started(
      formation.filter(({ type }) => type === "web"),
      task === undefined ? own : { parent: this, dependsOn: task },
    );
    const routing: RouteArgs = {
      platform: platform.name,
      socket: platform.socket,
      app: this.name,
      hosts: [`${this.name}.${platform.domain}`, ...(args.hosts ?? [])],
      dynos: web.map((dyno) => ({ name: dyno.service, port: dyno.port, dyno: dyno.dyno })),
      deployed: source !== undefined,
      maintenance: args.maintenance ?? false,
      redirect: args.redirect ?? platform.redirect ?? false,
      hsts: args.hsts ?? platform.hsts ?? 0,
      healthCheck: healthCheckOf(args),
      drain: DRAIN_SECONDS,
    };
    const proven = [...web.map((dyno) => dyno.process), ...(task ? [task] : []), ...(platform.ready ?? [])];
    const route = new Route(
      `${name}-route`,
      ...transformed(transform.route, `${name}-route`, routing, { parent: this, dependsOn: proven }),
    );
    createCertificates(
      name,
      { ...args, id, keys: args.certificateKeys ?? {}, transform: transform.certificate },
      { parent: this, dependsOn: [...(platform.ready ?? [])] },
    );
    const workers = started(
      formation.filter(({ type }) => type !== "web"),
      { parent: this, dependsOn: route },
    );
    const release = createRelease(
      `${name}-release`,
      {
        ...shared,
        id,
        source,
        slug: build?.slug,
        image: this.image,
        config: config.environment,
        addons: created.released,
        labs,
      },
      {
        parent: this,
        // Without dynos, nobody else waits for the databases.
        dependsOn: [route, ...workers.map((dyno) => dyno.process), ...(slug === undefined ? created.resources : [])],
      },
    );
    this.release = release.version;
    this.releases = release.ledger;
    this.configs = pulumi.secret(release.configs);

    this.dynos = Object.fromEntries([...web, ...workers].map((dyno) => [dyno.dyno, dyno.service]));
    this.registerOutputs({
      name: this.name,
      url: this.url,
      dynos: this.dynos,
      image: this.image,
      build: this.build,
      release: this.release,
      databases: this.databases,
    });
  }
}

type Checked = { key: string; source: AppSource | undefined; formation: readonly FormationEntry[] };

function checkArgs(name: string, args: AppArgs): Checked {
  const problems = new Problems();
  const at = `App ${name}:`;
  const { platform: _platform, config = {}, databases = {}, key: givenKey, certificateKeys = {}, ...more } = args;
  const { lastRelease: _last, transform: _transform, ...settings } = more;
  object<AppSettings>(appFieldsOf(settings) as Fields<AppSettings>)({ name, ...settings }, at, problems);
  environment(attached(args))(config, `${at} config`, problems);
  problems.check();
  checkCertificates(args, certificateKeys, `${at} certificates`, `${at} certificateKeys`, problems);
  checkAddons(args.addons ?? {}, databases, `${at} addons`, problems);
  const key = appKey(givenKey, problems);
  problems.check();
  const of = { platform: args.platform, id: args.id ?? args.name ?? name };
  const source = args.source && readSource(args.source, of, `${at} source`, problems);
  const formation = formationOf(args.formation, source, `${at} formation`, problems);
  problems.check();
  return { key: key ?? "", source, formation };
}

/** The variables that an app's add-ons set. */
function attached(args: AppArgs): string[] {
  return Object.keys(args.addons ?? {}).map((attachment) => `${attachment}_URL`);
}

/**
 * A build is named by all that goes into it and never updated, so the image under a dyno never changes. Where the
 * source lies is no part of that: going back to what ran before gives the same names.
 */
function createBuild(
  name: string,
  args: {
    readonly app: string;
    readonly id: string;
    readonly platform: PlatformConnection;
    readonly key: string;
    readonly source: AppSource;
    /** Config vars and what add-ons set. */
    readonly environment: Environment;
    readonly transform: Pick<AppTransform, "build">;
  },
  opts: pulumi.CustomResourceOptions,
): { resource: Build; slug: string } {
  const { app, id, source, platform, environment } = args;
  const pip = pipHash(args.key, environment);
  const made = buildContent(source, pip, source.commit);
  const { image: promoted } = source;
  // What is taken as it is differs by nothing of how it would be made.
  const decides = promoted === undefined ? made : { digest: made.digest, promoted };
  const content = { platform: platform.name, app, ...decides };
  const inputs: BuildArgs = {
    ...made,
    platform: platform.name,
    app,
    ...(promoted !== undefined && { promoted }),
    runtime: platform.directory,
    repository: repositoryPath(platform.directory, id),
    directory: source.directory,
    commit: source.commit,
    environment: values(environment),
  };
  const { build } = args.transform;
  const change = changeOf(build, `App ${name}: transform.build`, `${name}-build`, inputs, opts);
  const slug = contentHash(args.key, change === undefined ? content : { ...content, transform: change });
  const [settings, options] = transformed(build, `${name}-build`, inputs, opts);
  return { resource: new Build(`${name}-build-${slug}`, settings, options), slug };
}

/** Who says what to ask for wants it to be well. */
function healthCheckOf({ healthCheck = {} }: AppArgs): Required<HealthCheckSettings> {
  return { type: healthCheck.path === undefined ? "no-worse" : "http", path: "/", timeout: 60, ...healthCheck };
}

/** Stands for the config vars that pip sees: what it installs may depend on them. */
function pipHash(key: string, environment: Environment): string {
  const pip = Object.entries(versions(environment)).filter(([name]) => name.startsWith("PIP_"));
  return pip.length === 0 ? "" : contentHash(key, Object.fromEntries(pip));
}
