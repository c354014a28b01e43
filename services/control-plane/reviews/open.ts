import type { DatabaseSync } from "node:sqlite";
import type { Apps } from "../apps/apps.ts";
import { Ticker } from "../dynos/ticker.ts";
import type { RepositoryForge } from "../github/forge/forge.ts";
import type { DeclaredLink, ForgeRepository, Links } from "../github/ports.ts";
import type { Pipelines } from "../pipelines/ports.ts";
import type { Clock } from "../types.ts";
import { PlatformReviews } from "./platform-reviews.ts";
import { Reviewer } from "./reviewer.ts";
import { presentApps, ReviewStacks, type ReviewStacksOptions } from "./stacks.ts";
import { ReviewStore } from "./store.ts";

const SWEEP_EVERY_MS = 60_000;

interface OpenReviewsOptions extends Omit<ReviewStacksOptions, "pipelines" | "apps"> {
  readonly apps: Apps;
  readonly pipelines: Pick<Pipelines, "list" | "config">;
  readonly links: Pick<Links, "list">;
  readonly store: DatabaseSync;
  readonly clock: Clock;
  /** Gets what nobody foresaw, and what should not have been there. */
  report(problem: string): void;
}

/** Review apps, and what goes on by itself for them until disposed. */
export interface OpenedReviews extends AsyncDisposable {
  readonly reviews: PlatformReviews;
  /** A repository was looked at. */
  looked(link: DeclaredLink, forge: RepositoryForge, repository: ForgeRepository): Promise<void>;
  /** When all changes have ended that an earlier control plane began. */
  start(): void;
}

export function openReviews(options: OpenReviewsOptions): OpenedReviews {
  const { apps, pipelines, links, pulls, log, clock, report } = options;
  const store = new ReviewStore(options.store, clock);
  const reviewer = new Reviewer({
    store,
    hands: new ReviewStacks(options),
    pipelines: () => pipelines.list(),
    async apps() {
      const all = await apps.list();
      return { present: presentApps(all), stacks: new Set(all.map(({ stack }) => stack)) };
    },
    links: async () => new Set((await links.list()).map(({ stack }) => stack)),
    again: (link, after) => pulls.again(link, after),
    tell: (app, text) => log.write(app, { source: "app", process: "api", text }),
    clock,
    report,
  });
  apps.follow({ gone: ({ id }) => reviewer.gone(id) });
  const parts = new AsyncDisposableStack();
  let started = false;
  return {
    reviews: new PlatformReviews({ store, reviewer, pulls, present: async () => presentApps(await apps.list()) }),
    async looked({ stack }, forge, { fullName }) {
      if (started) await reviewer.look(stack, forge, fullName);
    },
    start() {
      started = true;
      if (parts.disposed) return;
      parts.use(
        new Ticker(
          SWEEP_EVERY_MS,
          () => reviewer.sweep(),
          (problem) => report(`review apps: ${problem}`),
        ),
      );
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
