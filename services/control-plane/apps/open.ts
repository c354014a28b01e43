import { rm } from "node:fs/promises";
import type { DatabaseSync } from "node:sqlite";
import type Docker from "dockerode";
import { type ControlPlaneSettings, placesOf } from "../../../model/platform/control-plane.ts";
import { repositoryPath } from "../../../sources/git/repository.ts";
import { Runner } from "../runs/runner.ts";
import type { AppLock } from "../types.ts";
import { Apps } from "./apps.ts";
import { StackCommits } from "./commits.ts";
import { Journal } from "./journal.ts";
import { sizesOf } from "./sizes.ts";

interface OpenAppsOptions {
  readonly settings: ControlPlaneSettings;
  readonly docker: Docker;
  readonly store: DatabaseSync;
  readonly lock: AppLock;
  readonly report: (problem: string) => void;
}

export interface OpenedApps {
  readonly apps: Apps;
  readonly runner: Runner;
  /** What others need who change stacks as apps are changed. */
  readonly journal: Journal;
  readonly commits: StackCommits | undefined;
}

/** The apps of a platform and what runs Pulumi for them. */
export function openApps({ settings, docker, store, lock, report }: OpenAppsOptions): OpenedApps {
  const { platform, project, directory, domain, webPort } = settings;
  const { runs, scratch } = placesOf(settings.directory);
  const runner = new Runner({ docker, platform, project, runs });
  const journal = new Journal(store);
  const commits = settings.commitChanges ? new StackCommits({ project, report }) : undefined;
  const apps = new Apps({
    platform,
    project,
    directory,
    domain,
    webPort,
    scratch,
    runner,
    lock,
    report,
    sizes: (app) => sizesOf(docker, directory, app),
    commits,
    journal,
  });
  // What was pushed to it goes with it.
  apps.follow({ gone: ({ id }) => rm(repositoryPath(directory, id), { recursive: true, force: true }) });
  return { apps, runner, journal, commits };
}
