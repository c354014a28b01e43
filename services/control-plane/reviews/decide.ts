import { matchesGlob } from "node:path";
import { type ReviewAppsSettings, ttlMs } from "../../../model/pipeline/review-apps.ts";
import type { PullRequest } from "../github/forge/forge.ts";
import { type DeclaredPipeline, STAGES } from "../pipelines/ports.ts";
import { keyOf, type PresentApp, type Review, type ReviewAct, type ReviewingPipeline } from "./ports.ts";

/** Milliseconds for which nothing goes that is declared no more: a file may be half written. */
const GRACE_MS = 20_000;

/** All that counts, read at one moment. */
export interface World {
  readonly pipelines: readonly DeclaredPipeline[];
  readonly apps: readonly PresentApp[];
  /** The stacks of all apps, and of all links. */
  readonly stacks: ReadonlySet<string>;
  readonly links: ReadonlySet<string>;
  /** What is open, by the stacks of the links that could be asked. */
  readonly pulls: ReadonlyMap<string, readonly PullRequest[]>;
  review(pipeline: string, pull: number): Review | undefined;
  /** Since when an app is not declared any more. @param app its stack */
  undeclaredSince(app: string): number | undefined;
  /** Pull requests of which something is being done. */
  readonly busy: ReadonlySet<string>;
  readonly now: number;
}

/**
 * What is to be done so that what is there is what is declared: for each pull request that is open an app, and for no
 * other. Nothing is done about what could not be read. What goes goes before anything comes.
 */
export function decide(world: World): ReviewAct[] {
  const pipelines = new Map(world.pipelines.map((pipeline) => [pipeline.id, pipeline]));
  const present = new Set(world.apps.map(({ review: { pipeline, pull } }) => keyOf(pipeline, pull)));
  const destroys: ReviewAct[] = [];
  const others: ReviewAct[] = [];
  for (const app of world.apps) {
    const key = keyOf(app.review.pipeline, app.review.pull);
    if (world.busy.has(key)) continue;
    const pipeline = pipelines.get(app.review.pipeline);
    const gone = isExpired(app, pipeline, world)
      ? { why: "it was not deployed for as long as its pipeline lets it stay", stays: true }
      : { why: reasonToGo(app, pipeline, world), stays: false };
    if (gone.why !== undefined) destroys.push({ kind: "destroy", app, why: gone.why, stays: gone.stays });
    else if (isReviewing(pipeline)) others.push(...deployed(app, pipeline, world));
  }
  for (const pipeline of world.pipelines) {
    if (!isReviewing(pipeline) || undeclared(pipeline, world) !== undefined) continue;
    for (const pull of world.pulls.get(pipeline.github ?? "") ?? []) {
      const key = keyOf(pipeline.id, pull.number);
      if (present.has(key) || world.busy.has(key)) continue;
      const review = world.review(pipeline.id, pull.number);
      if (!isWanted(pull, pipeline.reviewApps, review) || isDealtWith(pull, review)) continue;
      others.push({ kind: "create", pipeline, pull });
    }
  }
  return [...destroys, ...others];
}

/** Whether a pipeline has review apps, as far as that can be read. */
export function isReviewing(pipeline: DeclaredPipeline | undefined): pipeline is ReviewingPipeline {
  const settings = pipeline?.reviewApps;
  return settings !== undefined && settings !== "unclear" && settings.enabled !== false;
}

/** The stack of the app that a pipeline's review apps are named after; undefined: there is none. */
export function parentOf({ stages, reviewApps }: ReviewingPipeline): string | undefined {
  return reviewApps.of ?? [...stages.staging, ...stages.development, ...stages.production][0];
}

/** Whether a pull request may have a review app by what is declared, and by who let a fork in. */
function isWanted(pull: PullRequest, settings: ReviewAppsSettings, review: Review | undefined): boolean {
  if (!isFitting(pull, settings)) return false;
  if (pull.fork && review?.approved !== pull.commit) return false;
  return settings.automatic !== false || review?.byHand === true;
}

/** Whether it may stay by what is declared. */
function isFitting({ commit, branch, draft, fork }: PullRequest, settings: ReviewAppsSettings): boolean {
  const { ignore = {}, forks = "never" } = settings;
  if (commit === "" || (fork && forks !== "approved")) return false;
  if (draft && ignore.drafts === true) return false;
  return !(ignore.branches ?? []).some((pattern) => matchesGlob(branch, pattern));
}

/** Whether a pull request changes nothing but what is left out. */
export function changesOnly(files: readonly string[], { ignore }: ReviewAppsSettings): boolean {
  const patterns = ignore?.paths ?? [];
  return files.length > 0 && files.every((file) => patterns.some((pattern) => matchesGlob(file, pattern)));
}

/** One that failed, or was destroyed, is tried again when something is pushed. */
function isDealtWith({ commit }: PullRequest, review: Review | undefined): boolean {
  return review?.commit === commit && ["errored", "deleted"].includes(review.status);
}

function deployed(app: PresentApp, pipeline: ReviewingPipeline, world: World): ReviewAct[] {
  const pull = world.pulls.get(pipeline.github ?? "")?.find(({ number }) => number === app.review.pull);
  if (pull === undefined) return [];
  const review = world.review(pipeline.id, pull.number);
  if (isDealtWith(pull, review)) return [];
  if (pull.fork && review?.approved !== pull.commit) return [];
  if (app.commit === pull.commit && (review?.stage ?? "done") === "done") return [];
  return [{ kind: "deploy", pipeline, pull, app }];
}

function isExpired({ review, createdAt }: PresentApp, pipeline: DeclaredPipeline | undefined, world: World): boolean {
  const ttl = isReviewing(pipeline) ? ttlMs(pipeline.reviewApps.ttl) : undefined;
  const since = Math.max(createdAt, world.review(review.pipeline, review.pull)?.deployedAt ?? 0);
  return ttl !== undefined && since + ttl <= world.now;
}

/** @returns why an app is to go; undefined: it stays, for all that is known */
function reasonToGo(app: PresentApp, pipeline: DeclaredPipeline | undefined, world: World): string | undefined {
  if (pipeline?.reviewApps === "unclear") return undefined;
  const why = undeclared(pipeline, world);
  if (why !== undefined) {
    const since = world.undeclaredSince(app.stack);
    return since !== undefined && since + GRACE_MS <= world.now ? why : undefined;
  }
  if (!isReviewing(pipeline)) return undefined;
  const { pipeline: of, pull: number } = app.review;
  const known = world.review(of, number)?.app ?? undefined;
  const twin = world.apps.some(
    ({ id, review }) => id !== app.id && id === known && review.pipeline === of && review.pull === number,
  );
  if (twin) return `pull request ${number} has another`;
  const pulls = world.pulls.get(pipeline.github ?? "");
  if (pulls === undefined) return undefined;
  const pull = pulls.find((each) => each.number === number);
  if (pull === undefined) return `pull request ${number} is not open any more`;
  if (pull.commit === "") return `the branch ${pull.branch} is gone`;
  return isFitting(pull, pipeline.reviewApps) ? undefined : `pull request ${number} is to have none`;
}

/** @returns why there should be no review apps of it */
export function undeclared(
  pipeline: DeclaredPipeline | undefined,
  { stacks, links }: Pick<World, "stacks" | "links">,
): string | undefined {
  if (pipeline === undefined) return "its pipeline is gone";
  if (pipeline.reviewApps === "unclear") return undefined;
  if (!isReviewing(pipeline)) return `the pipeline ${pipeline.name} has no review apps`;
  if (pipeline.github === undefined) return `the pipeline ${pipeline.name} is connected to no repository`;
  if (!links.has(pipeline.github)) return `the link ${pipeline.github} is gone`;
  const parent = parentOf(pipeline);
  if (parent === undefined) return undefined;
  const own = STAGES.some((stage) => pipeline.stages[stage].includes(parent));
  return own && stacks.has(parent) ? undefined : `${parent} is gone from the pipeline ${pipeline.name}`;
}
