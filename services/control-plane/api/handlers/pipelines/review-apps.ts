import { ttlMs, ttlOfDays } from "../../../../../model/pipeline/review-apps.ts";
import type { DeclaredPipeline, ReviewAppsChange } from "../../../pipelines/ports.ts";
import { isReviewing } from "../../../reviews/decide.ts";
import type { Review, ReviewingPipeline } from "../../../reviews/ports.ts";
import { type Answer, type Call, requiredText } from "../../call.ts";
import type { Desk } from "../../desk.ts";
import { invalid, notFound } from "../../errors.ts";
import type { Route } from "../../routes.ts";
import { onlyPlannedFor, pipelineId, pipelineNamed, pipelineOf } from "./find.ts";
import { act } from "./pipelines.ts";

const CONFIG = "/pipelines/:pipeline/review-app-config";
const DAY_MS = 86_400_000;
/** As Heroku's own, where nobody says. */
const STALE_DAYS = 5;

/** Apps of pull requests: what `heroku reviewapps` and Heroku's dashboard ask. */
export function reviewAppRoutes(desk: Desk): Route[] {
  return [
    ["GET", CONFIG, async (call) => ({ body: await showConfig(desk, reviewing(await pipelineOf(desk, call))) })],
    ["POST", CONFIG, (call) => enable(desk, call)],
    ["PATCH", CONFIG, (call) => change(desk, call)],
    ["DELETE", CONFIG, (call) => disable(desk, call)],
    ["GET", "/pipelines/:pipeline/review-apps", (call) => list(desk, call)],
    ["POST", "/pipelines/:pipeline/review-apps/:pull/approve", (call) => approve(desk, call)],
    ["POST", "/review-apps", (call) => create(desk, call)],
    ["GET", "/review-apps/:review", async (call) => ({ body: show(desk, (await reviewOf(desk, call)).review) })],
    ["DELETE", "/review-apps/:review", (call) => destroy(desk, call)],
    ["GET", "/apps/:app/review-app", (call) => ofApp(desk, call)],
  ];
}

async function enable(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = await pipelineOf(desk, call, "own");
  if (pipeline.github === undefined) throw invalid("repo", `Connect ${pipeline.name} to a repository first.`);
  // One setting at least is written, so that there is something declared.
  const settings = { enabled: undefined, automatic: false, ...changeOf(call) };
  return { ...(await set(desk, call, pipeline, settings, `Enable review apps of ${pipeline.name}`)), status: 201 };
}

async function change(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = reviewing(await pipelineOf(desk, call, "own"));
  return set(desk, call, pipeline, changeOf(call), `Change the review apps of ${pipeline.name}`);
}

async function set(desk: Desk, call: Call, pipeline: DeclaredPipeline, settings: ReviewAppsChange, what: string) {
  onlyPlannedFor(pipeline, call, what);
  const { pipelines, reviews } = desk.ports;
  const changed = reviewing(await pipelines.setReviewApps(pipeline, settings, act(call, what)));
  reviews.look(changed);
  const waits = { "Warning-Message": "Review apps do not wait for CI on this platform yet." };
  return { body: await showConfig(desk, changed), headers: call.body.wait_for_ci === true ? waits : {} };
}

async function disable(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = reviewing(await pipelineOf(desk, call, "own"));
  const description = `Disable review apps of ${pipeline.name}`;
  onlyPlannedFor(pipeline, call, description);
  const body = await showConfig(desk, pipeline);
  const { pipelines, reviews } = desk.ports;
  await pipelines.setReviewApps(pipeline, { enabled: false }, act(call, description));
  await reviews.removeAll(pipeline, "review apps were disabled");
  return { body };
}

async function list(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = await pipelineOf(desk, call);
  return { body: desk.ports.reviews.list(pipeline.id).map((review) => show(desk, review)) };
}

async function create(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = reviewing(await pipelineNamed(desk, call, requiredText(call, "pipeline"), "own"));
  const { reviews } = desk.ports;
  const { branch, pr_number: number } = call.body;
  const pull = (await reviews.pulls(pipeline)).find((each) => each.number === number || each.branch === branch);
  if (pull === undefined)
    throw invalid("branch", `There is no open pull request of the branch ${branch}. Open one first.`);
  onlyPlannedFor(pipeline, call, `Create the review app of pull request ${pull.number}`);
  return { status: 201, body: show(desk, reviews.request(pipeline, pull)) };
}

async function destroy(desk: Desk, call: Call): Promise<Answer> {
  const { review, pipeline } = await reviewOf(desk, call, "own");
  const { name } = review;
  if (name === null) throw invalid("review_app", "It has no app.");
  const description = `Destroy the review app ${name}`;
  onlyPlannedFor(pipeline, call, description);
  await desk.ports.apps.destroy(name, act(call, description));
  return { body: show(desk, desk.ports.reviews.byId(review.id) ?? review) };
}

/** Whoever approves is known to the forge by the account that they have connected. */
async function approve(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = reviewing(await pipelineOf(desk, call, "own"));
  const commit = requiredText(call, "commit");
  const connection = await desk.ports.github.connections.of(call.caller.id);
  if (connection === undefined)
    throw invalid("commit", "Connect your account at the forge first: it says who you are.");
  const { pull } = call.params;
  onlyPlannedFor(pipeline, call, `Approve ${commit.slice(0, 7)} of pull request ${pull}`);
  return { body: show(desk, await desk.ports.reviews.approve(pipeline, Number(pull), commit, connection.login)) };
}

async function ofApp(desk: Desk, call: Call): Promise<Answer> {
  const review = desk.ports.reviews.ofApp((await desk.app(call)).id);
  if (review === undefined) throw notFound("review_app");
  return { body: show(desk, review) };
}

/** @throws ApiError 404 */
async function reviewOf(desk: Desk, call: Call, right: "see" | "own" = "see") {
  const review = desk.ports.reviews.byId(call.params.review ?? "");
  const of = (await desk.ports.pipelines.list()).find(({ id }) => id === review?.pipeline);
  if (review === undefined || of === undefined) throw notFound("review_app");
  return { review, pipeline: await pipelineNamed(desk, call, of.name, right) };
}

/** @throws ApiError 404 */
function reviewing(pipeline: DeclaredPipeline): ReviewingPipeline {
  if (isReviewing(pipeline)) return pipeline;
  throw notFound("review_app_config", `review apps of ${pipeline.name}: they are not enabled`);
}

function changeOf({ body }: Call): ReviewAppsChange {
  const { automatic_review_apps: automatic, destroy_stale_apps: stale, stale_days: days, base_name: baseName } = body;
  if (baseName !== undefined && baseName !== null && typeof baseName !== "string") {
    throw invalid("base_name", "base_name must be a text.");
  }
  const kept = typeof days === "number" && Number.isInteger(days) && days > 0 && days < 1000 ? days : STALE_DAYS;
  return {
    ...(typeof automatic === "boolean" && { automatic }),
    ...(stale === true && { ttl: ttlOfDays(kept) }),
    ...(stale === false && { ttl: undefined }),
    ...(baseName !== undefined && { baseName: baseName ?? undefined }),
  };
}

async function showConfig(desk: Desk, pipeline: ReviewingPipeline) {
  const { automatic = true, baseName, ttl } = pipeline.reviewApps;
  const ms = ttlMs(ttl);
  const link = await desk.ports.pipelines.link(pipeline);
  const repository = link && (await desk.ports.pipelines.repository(pipeline)).repository;
  return {
    automatic_review_apps: automatic,
    base_name: baseName ?? null,
    deploy_target: null,
    destroy_stale_apps: ms !== undefined,
    pipeline_id: pipelineId(desk, pipeline),
    repo: { id: repository?.id ?? 0 },
    stale_days: ms === undefined ? STALE_DAYS : Math.max(1, Math.ceil(ms / DAY_MS)),
    wait_for_ci: false,
  };
}

function show(desk: Desk, review: Review) {
  return {
    id: review.id,
    app: review.app === null ? null : { id: desk.id("app", review.app) },
    app_setup: null,
    branch: review.branch,
    created_at: new Date(review.createdAt).toISOString(),
    creator: { id: desk.id("user", "github") },
    error_status: review.status === "errored" ? "failed" : null,
    fork_repo: null,
    message: review.message,
    pipeline: { id: desk.id("pipeline", review.pipeline) },
    pr_number: review.pull,
    status: review.status,
    updated_at: new Date(review.updatedAt).toISOString(),
    wait_for_ci: false,
  };
}
