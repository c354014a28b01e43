import type { DatabaseSync } from "node:sqlite";
import type Docker from "dockerode";
import { hasImage } from "../../../lib/docker/images.ts";
import { messageOf } from "../../../lib/errors.ts";
import { type ControlPlaneSettings, placesOf } from "../../../model/platform/control-plane.ts";
import { Repository, repositoryPath } from "../../../sources/git/repository.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Apps } from "../apps/apps.ts";
import type { OpenedApps } from "../apps/open.ts";
import type { OutputsReader, Stacks } from "../apps/outputs.ts";
import { StackChanges } from "../apps/stack-changes.ts";
import type { Links } from "../github/ports.ts";
import type { AppLock, Clock, LogSink } from "../types.ts";
import { declaredPipelines } from "./declared.ts";
import { PipelineOutputsReader } from "./outputs.ts";
import { ownedAs } from "./owned-as.ts";
import { PlatformPipelines } from "./pipelines.ts";
import { Promotions } from "./promotions.ts";
import { PromotionStore } from "./store.ts";

interface OpenPipelinesOptions extends Pick<OpenedApps, "runner" | "journal" | "commits"> {
  readonly apps: Apps;
  readonly docker: Docker;
  readonly stacks: Stacks;
  readonly outputs: OutputsReader;
  readonly links: Links;
  readonly accounts: Pick<Accounts, "access">;
  readonly lock: AppLock;
  readonly log: LogSink;
  readonly store: DatabaseSync;
  readonly settings: ControlPlaneSettings;
  readonly clock: Clock;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

interface OpenedPipelines {
  readonly pipelines: PlatformPipelines;
  readonly promotions: Promotions;
  /** Says how promotions ended that an earlier control plane began; when all changes have ended that it began. */
  recover(): Promise<void>;
}

export function openPipelines(options: OpenPipelinesOptions): OpenedPipelines {
  const { apps, docker, stacks, outputs, links, lock, log, journal, settings, store, clock, report } = options;
  const { platform, project, directory, domain } = settings;
  const promoted = new PromotionStore(store, clock);
  const pipelines = new PlatformPipelines({
    file: { project, platform, runner: options.runner, scratch: placesOf(directory).scratch },
    list: () => declaredPipelines({ project, platform, firstSeen: (stack) => journal.firstSeen(stack) }),
    changes: new StackChanges({
      ...options,
      of: "pipeline",
      project,
      platform,
      directory,
      made: (change, act) => options.commits?.commit(change, act) ?? Promise.resolve(),
    }),
    lock,
    links,
    outputs: new PipelineOutputsReader(stacks),
    making: (id, owner) => options.accounts.access.give(ownedAs(id), owner),
    gone({ id }) {
      promoted.forget(id);
      options.accounts.access.forget(ownedAs(id));
    },
  });
  const bare = (id: string) => new Repository(repositoryPath(directory, id));
  const promotions = new Promotions({
    store: promoted,
    apps,
    log,
    report,
    copy: (from, to, version, commit) => bare(to.id).take(bare(from.id), version, commit),
    hasImage: (id) => hasImage(docker, id),
    release: async ({ stack }) => (await outputs.of(stack)).release,
  });
  apps.follow({
    async gone() {
      // Others need not be waited for.
      removeGone().catch((error: unknown) => report(`a pipeline of an app that is gone: ${messageOf(error)}`));
    },
  });
  async function removeGone(): Promise<void> {
    const present = new Set((await apps.list()).map(({ stack }) => stack));
    await pipelines.removeGone(present, `admin@${domain}`);
  }
  return { pipelines, promotions, recover: () => promotions.recover() };
}
