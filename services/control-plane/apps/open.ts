import type { DatabaseSync } from "node:sqlite";
import type Docker from "dockerode";
import { Runner } from "../runner.ts";
import { type ControlPlaneSettings, placesOf } from "../settings.ts";
import type { AppLock } from "../types.ts";
import { Apps } from "./apps.ts";
import { Journal } from "./journal.ts";

export interface OpenAppsOptions {
  readonly settings: ControlPlaneSettings;
  readonly docker: Docker;
  readonly store: DatabaseSync;
  readonly lock: AppLock;
}

/** The apps of a platform and what runs Pulumi for them. */
export function openApps({ settings, docker, store, lock }: OpenAppsOptions): { apps: Apps; runner: Runner } {
  const { platform, project, domain, webPort } = settings;
  const { runs, scratch } = placesOf(settings.directory);
  const runner = new Runner({ docker, platform, project, runs });
  const apps = new Apps({ platform, project, domain, webPort, scratch, runner, lock, journal: new Journal(store) });
  return { apps, runner };
}
