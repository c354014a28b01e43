import type * as pulumi from "@pulumi/pulumi";
import { DYNO_SIZES, type DynoSizeName } from "../../model/app/sizes.ts";
import { contentHash } from "../../model/content.ts";
import { DEFAULT_KEEP } from "../../model/platform/settings.ts";
import { Release, type ReleaseArgs, ReleaseTask, type ReleaseTaskArgs } from "../../provider/sdk/index.ts";
import { type Environment, versions } from "../environment.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { changeOf, type Transform, transformed } from "../transform.ts";
import type { AppSource } from "./source.ts";

/** Raised when what a release task does with the same arguments changes, so that it runs again. */
const TEMPLATE = 1;

/** The values of an environment; all of them are secrets. */
export function values(entries: Environment): Record<string, pulumi.Output<string>> {
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, entry.value]));
}

/** What of an app a release is made of. */
interface ReleaseSettings {
  readonly platform: PlatformConnection;
  /** The app's name. */
  readonly app: string;
  /** What names the app's repository. */
  readonly id: string;
  readonly key: string;
  readonly source: AppSource | undefined;
  /** What dynos are named after; undefined without a source. */
  readonly slug: string | undefined;
  readonly image: pulumi.Output<string> | undefined;
  /** The user's config vars. */
  readonly config: Environment;
  /** What of each attachment is a release when it changes. */
  readonly addons: Readonly<Record<string, number | string>>;
  /** In their order, each once. */
  readonly labs: readonly string[];
  readonly transform: { readonly release?: Transform<ReleaseArgs> };
}

/** A keyed hash of the user's config vars. */
export function configHash(key: string, config: Environment): string {
  return contentHash(key, versions(config));
}

/** The app's releases. Formation and sizes are no part of it, so that scaling makes none. */
export function createRelease(name: string, settings: ReleaseSettings, opts: pulumi.CustomResourceOptions): Release {
  const { platform, app, id, key, source, slug, image, config, addons, labs } = settings;
  const args: ReleaseArgs = {
    platform: platform.name,
    directory: platform.directory,
    app,
    appId: id,
    keep: platform.keep ?? DEFAULT_KEEP,
    slug: slug ?? "",
    digest: source?.digest ?? "",
    commit: source?.commit ?? "",
    image: image ?? "",
    promoted: source?.image !== undefined,
    processes: source?.processes ?? {},
    configHash: configHash(key, config),
    config: values(config),
    addons,
    labs,
  };
  return new Release(name, ...transformed(settings.transform.release, name, args, opts));
}

interface ReleaseTaskSettings {
  readonly platform: PlatformConnection;
  /** The app's name. */
  readonly app: string;
  readonly key: string;
  readonly source: AppSource;
  readonly slug: string;
  readonly image: pulumi.Output<string>;
  /** Config vars and what add-ons set. */
  readonly environment: Environment;
  readonly size: DynoSizeName;
  readonly transform: { readonly releaseTask?: Transform<ReleaseTaskArgs> };
}

/**
 * The run of the Procfile's `release:` command, if there is one: named after what it runs with, so that it runs again
 * when code, config vars or add-ons change, and not when the app is scaled.
 */
export function createReleaseTask(
  name: string,
  settings: ReleaseTaskSettings,
  opts: pulumi.CustomResourceOptions,
): ReleaseTask | undefined {
  const { platform, app, key, source, slug, image, environment } = settings;
  const command = source.processes.release;
  if (command === undefined) return undefined;
  const { nanoCpus = 0, ...size } = DYNO_SIZES[settings.size];
  const argsOf = (hash: string): ReleaseTaskArgs => ({
    platform: {
      name: platform.name,
      directory: platform.directory,
      routerAddress: platform.routerAddress,
      postgresAddress: platform.postgresAddress,
      egress: platform.egress,
      // What `Platform` calls it.
      networkName: platform.name,
    },
    app,
    dyno: `release.${1000 + (Number.parseInt(hash.slice(0, 6), 16) % 9000)}`,
    image,
    digest: source.digest,
    command,
    environment: values(environment),
    size: { name: settings.size, nanoCpus, ...size },
  });
  const content = { template: TEMPLATE, slug, command, environment: versions(environment) };
  const { releaseTask } = settings.transform;
  const before = argsOf(contentHash(key, content));
  const change = changeOf(releaseTask, `${name}: transform.releaseTask`, name, before, opts);
  const hash = contentHash(key, change === undefined ? content : { ...content, transform: change });
  return new ReleaseTask(`${name}-${hash}`, ...transformed(releaseTask, name, argsOf(hash), opts));
}
