import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import type { LedgerEntry } from "../../../model/app/ledger.ts";
import type { Apps } from "../apps/apps.ts";
import type { DeclaredApp } from "../apps/declared.ts";
import { AppBusy } from "../apps/lock.ts";
import type { Plan } from "../apps/plans.ts";
import type { LogSink } from "../types.ts";
import type { DeclaredPipeline, Promotion } from "./ports.ts";
import type { PromotionStore } from "./store.ts";

/** Milliseconds between two tries of whoever is behind others in an app's queue, and how often. */
const RETRY_EVERY_MS = 2000;
const TRIES = 30;

/** An app, as far as promotions need it. */
type PromotedApp = Pick<DeclaredApp, "name" | "id" | "stack">;

/** A release that is to run in other apps too. */
export interface Promoted {
  readonly pipeline: DeclaredPipeline;
  readonly source: PromotedApp;
  readonly release: LedgerEntry;
  readonly targets: readonly PromotedApp[];
}

export interface PromotionsOptions {
  readonly store: PromotionStore;
  readonly apps: Pick<Apps, "change" | "plan" | "list">;
  readonly log: LogSink;
  /** Brings the commit of a release into another app's repository. @throws what says why it cannot */
  copy(from: PromotedApp, to: PromotedApp, version: number, commit: string): Promise<void>;
  /** Whether Docker has an image. @param id `sha256:…` */
  hasImage(id: string): Promise<boolean>;
  /** The number of an app's current release. */
  release(app: PromotedApp): Promise<number | undefined>;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/**
 * Runs an app's release in others of its pipeline: the same commit and the same image, which nobody builds again. Config
 * vars, add-ons and formation stay each app's own, and its release phase runs.
 */
export class Promotions {
  readonly #options: PromotionsOptions;
  readonly #running = new Map<string, Promise<unknown>>();

  constructor(options: PromotionsOptions) {
    this.#options = options;
  }

  get(id: string): Promotion | undefined {
    return this.#options.store.get(id);
  }

  /** The newest first. */
  list(pipeline: DeclaredPipeline): Promotion[] {
    return this.#options.store.list(pipeline.id);
  }

  /**
   * Begins to promote; how it goes on stands in the promotion.
   *
   * @throws UserError for a release that cannot be promoted
   */
  async begin(promoted: Promoted, user: string): Promise<Promotion> {
    await this.#check(promoted);
    const { store, report } = this.#options;
    const { pipeline, source, release, targets } = promoted;
    const ids = targets.map(({ id }) => id);
    const { version, image } = release;
    const promotion = store.begin({
      pipeline: pipeline.id,
      source: source.id,
      release: version,
      image,
      user,
      targets: ids,
    });
    const all = targets.map((target) =>
      this.#promote(promoted, target, user).then(
        (version) => store.end(promotion.id, target.id, { release: version ?? null, error: null }),
        (error: unknown) => {
          if (!(error instanceof UserError)) report(`a promotion to ${target.name}: ${messageOf(error)}`);
          const why =
            error instanceof UserError
              ? messageOf(error)
              : "something is wrong with the control plane; its log says more";
          store.end(promotion.id, target.id, { release: null, error: why });
        },
      ),
    );
    this.#running.set(
      promotion.id,
      Promise.all(all).finally(() => this.#running.delete(promotion.id)),
    );
    return promotion;
  }

  /** How a promotion has ended, when it has. */
  async ended(id: string): Promise<Promotion | undefined> {
    await this.#running.get(id);
    return this.get(id);
  }

  /** What it would do to each target. */
  async plan(promoted: Promoted, user: string): Promise<{ readonly app: string; readonly plan: Plan }[]> {
    await this.#check(promoted);
    const plans = [];
    for (const target of promoted.targets) {
      await this.#copy(promoted, target);
      const act = { user, description: describe(promoted) };
      plans.push({ app: target.name, plan: await this.#options.apps.plan(target.name, act, sourceOf(promoted)) });
    }
    return plans;
  }

  /** Says how promotions ended that an earlier control plane began; when all changes have ended that it began. */
  async recover(): Promise<void> {
    const { store, apps, release } = this.#options;
    const all = new Map((await apps.list()).map((app) => [app.id, app]));
    for (const { id, image, release: version, targets } of store.pending()) {
      for (const { app, status } of targets) {
        const target = all.get(app);
        if (status !== "pending") continue;
        const serves = target !== undefined && declaredImage(target) === image;
        const error = serves ? null : `v${version} was not promoted: the control plane was ended before that`;
        store.end(id, app, { release: serves ? ((await release(target)) ?? null) : null, error });
      }
    }
  }

  /** @returns the release that the target has by now */
  async #promote(promoted: Promoted, target: PromotedApp, user: string): Promise<number | undefined> {
    const { apps, log } = this.#options;
    const description = describe(promoted);
    const tell = (text: string) => log.write(target.name, { source: "app", process: "api", text });
    try {
      await this.#copy(promoted, target);
      const { outputs, steps, warnings } = await this.#patient(() =>
        apps.change(target.name, { user, description }, sourceOf(promoted)),
      );
      const release = typeof outputs.release === "number" ? outputs.release : undefined;
      tell(`${description} by user ${user}`);
      for (const line of warnings.flatMap((warning) => `Warning: ${warning}`.split("\n"))) tell(line);
      if (steps.some(({ type }) => type === "dyno:index:Release")) tell(`Release v${release} created by user ${user}`);
      return release;
    } catch (error) {
      for (const line of `${description} by user ${user} failed: ${messageOf(error)}`.split("\n")) tell(line);
      throw error;
    }
  }

  /** Waits its turn: whoever promotes to many apps shall not have to come again for one that was busy. */
  async #patient<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof AppBusy) || tries === TRIES) throw error;
        await sleep(RETRY_EVERY_MS);
      }
    }
  }

  async #copy({ source, release }: Promoted, target: PromotedApp): Promise<void> {
    const { copy } = this.#options;
    try {
      await copy(source, target, release.version, release.commit);
    } catch (error) {
      throw new UserError(
        `the commit of v${release.version} of ${source.name} could not be copied to ${target.name}: ${messageOf(error)}`,
      );
    }
  }

  async #check({ source, release, targets }: Promoted): Promise<void> {
    const which = `v${release.version} of ${source.name}`;
    if (release.slug === "" || release.image === "")
      throw new UserError(`Nothing was deployed in ${which} to promote.`);
    if (release.commit === "") throw new UserError(`The source of ${which} was not kept, so it cannot be promoted.`);
    if (targets.length === 0) throw new UserError("Name at least one app to promote to.");
    if (targets.some(({ id }) => id === source.id)) {
      throw new UserError(`Cannot promote from an app to itself: ${source.name}. Specify a different target app.`);
    }
    if (!(await this.#options.hasImage(release.image))) {
      throw new UserError(`The image of ${which} is gone from the host. Deploy ${source.name} again, then promote.`);
    }
  }
}

function describe({ source, release }: Promoted): string {
  return `Promote ${source.name} v${release.version} ${release.commit.slice(0, 8)}`;
}

function sourceOf({ release: { commit, image } }: Promoted) {
  return (file: { source(source: { commit: string; image: string }): void }) => file.source({ commit, image });
}

function declaredImage({ settings: { source } }: DeclaredApp): unknown {
  return isRecord(source) ? source.image : undefined;
}
