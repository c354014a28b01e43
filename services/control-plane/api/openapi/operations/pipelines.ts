import { app } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { anything, flag, list, map, none, object, oneOf, orNull, text, time, uuid, whole } from "../schema.ts";

const ref = object({ id: uuid });
const owner = object({ id: uuid, type: oneOf("user") });
const stage = oneOf("development", "staging", "production");
const pipeline = object({ id: uuid, name: text, created_at: time, owner, updated_at: time });
const coupling = object({ id: uuid, app: ref, created_at: time, pipeline: ref, stage, updated_at: time });
const promotion = object({
  id: uuid,
  created_at: time,
  pipeline: ref,
  source: object({ app: ref, release: ref }),
  status: oneOf("pending", "completed"),
  updated_at: orNull(time),
});
const target = object({
  id: uuid,
  app: ref,
  error_message: orNull(text),
  pipeline_promotion: ref,
  release: orNull(ref),
  status: oneOf("pending", "succeeded", "failed"),
});
const repository = object({
  id: uuid,
  ci: flag,
  organization: none,
  pipeline: ref,
  repository: object({ id: whole, name: text, type: text }),
});
const setup = object({
  id: uuid,
  app: object({ id: uuid, name: text }),
  build: orNull(object({ id: uuid, output_stream_url: text, status: text })),
  created_at: time,
  failure_message: orNull(text),
  manifest_errors: list(text),
  postdeploy: orNull(object({ exit_code: whole, output: text })),
  resolved_success_url: orNull(text),
  status: oneOf("pending", "succeeded", "failed"),
  updated_at: time,
});
const parted = object({ id: uuid, full_name: text });
const config = map(text);
const reviewConfig = object({
  automatic_review_apps: flag,
  base_name: orNull(text),
  deploy_target: none,
  destroy_stale_apps: flag,
  pipeline_id: uuid,
  repo: object({ id: whole }),
  stale_days: whole,
  wait_for_ci: flag,
});
const reviewChange = object({
  "automatic_review_apps?": flag,
  "base_name?": orNull(text),
  "destroy_stale_apps?": flag,
  "stale_days?": whole,
  "wait_for_ci?": flag,
});
const review = object({
  id: uuid,
  app: orNull(ref),
  app_setup: none,
  branch: text,
  created_at: time,
  creator: ref,
  error_status: orNull(text),
  fork_repo: none,
  message: orNull(text),
  pipeline: ref,
  pr_number: whole,
  status: oneOf("pending", "creating", "created", "errored", "deleting", "deleted"),
  updated_at: time,
  wait_for_ci: flag,
});

export const pipelines: Operations = {
  "GET /pipelines": { summary: "List pipelines", query: { "eq[name]": text }, answer: list(pipeline) },
  "POST /pipelines": {
    summary: "Make a pipeline",
    body: object({ name: text, "owner?": object({ "id?": text, "type?": text }) }),
    example: { name: "shop" },
    status: 201,
    answer: pipeline,
  },
  "GET /pipelines/:pipeline": { summary: "A pipeline, by its name or id", answer: pipeline },
  "PATCH /pipelines/:pipeline": {
    summary: "Rename a pipeline",
    body: object({ name: text }),
    example: { name: "shop" },
    answer: pipeline,
  },
  "DELETE /pipelines/:pipeline": {
    summary: "Destroy a pipeline; its apps stay",
    body: anything,
    answer: pipeline,
  },
  "POST /pipeline-transfers": {
    summary: "Give a pipeline to another user, with the apps of its owner in it",
    body: object({ pipeline: object({ id: text }), new_owner: object({ id: text, "type?": text }) }),
    example: { pipeline: { id: "shop" }, new_owner: { id: "me@example.com", type: "user" } },
    status: 201,
    answer: object({ pipeline: ref, new_owner: owner, previous_owner: owner }),
  },
  "GET /pipeline-couplings": { summary: "List which app is in which stage", answer: list(coupling) },
  "GET /users/:user/pipeline-couplings": { summary: "The same, for oneself", answer: list(coupling) },
  "POST /pipeline-couplings": {
    summary: "Add an app to a pipeline",
    body: object({ app: text, pipeline: text, stage: text }),
    example: { app: "shop", pipeline: "shop", stage: "production" },
    status: 201,
    answer: coupling,
  },
  "GET /pipeline-couplings/:coupling": { summary: "In which stage an app is", answer: coupling },
  "PATCH /pipeline-couplings/:coupling": {
    summary: "Move an app to another stage",
    body: object({ stage: text }),
    example: { stage: "staging" },
    answer: coupling,
  },
  "DELETE /pipeline-couplings/:coupling": {
    summary: "Remove an app from its pipeline",
    body: anything,
    answer: coupling,
  },
  "GET /pipelines/:pipeline/pipeline-couplings": { summary: "List the apps of a pipeline", answer: list(coupling) },
  "GET /apps/:app/pipeline-couplings": { summary: "In which pipeline and stage an app is", answer: coupling },
  "POST /filters/apps": {
    summary: "The apps of some ids",
    body: object({ in: object({ id: list(text) }) }),
    example: { in: { id: [] } },
    answer: list(app),
  },
  "POST /pipeline-promotions": {
    summary:
      "Run an app's release, by default its last, in other apps of its pipeline: the same image, which is not built again",
    body: object({
      pipeline: object({ id: text }),
      source: object({ app: object({ id: text }), "release?": object({ id: text }) }),
      targets: list(object({ app: object({ id: text }) })),
    }),
    example: { pipeline: { id: "shop" }, source: { app: { id: "shop-staging" } }, targets: [{ app: { id: "shop" } }] },
    status: 201,
    answer: promotion,
  },
  "GET /pipeline-promotions/:promotion": { summary: "How a promotion goes", answer: promotion },
  "GET /pipeline-promotions/:promotion/promotion-targets": {
    summary: "How it goes at each app",
    answer: list(target),
  },
  "GET /pipelines/:pipeline/promotions": {
    summary: "What was promoted in a pipeline, the newest first",
    answer: list(promotion),
  },
  "GET /pipelines/:pipeline/stage/:stage/config-vars": {
    summary: "Config vars of a pipeline's review apps (review) or test runs (test)",
    answer: config,
  },
  "PATCH /pipelines/:pipeline/stage/:stage/config-vars": {
    summary: "Set some of them; null removes one",
    body: map(orNull(text)),
    example: { GREETING: "hello" },
    answer: config,
  },
  "GET /pipelines/:pipeline/review-app-config": { summary: "How a pipeline has review apps", answer: reviewConfig },
  "POST /pipelines/:pipeline/review-app-config": {
    summary: "Enable review apps: an app of its own for each pull request",
    body: reviewChange,
    example: { automatic_review_apps: true },
    status: 201,
    answer: reviewConfig,
  },
  "PATCH /pipelines/:pipeline/review-app-config": {
    summary: "Change how a pipeline has review apps",
    body: reviewChange,
    example: { destroy_stale_apps: true, stale_days: 5 },
    answer: reviewConfig,
  },
  "DELETE /pipelines/:pipeline/review-app-config": {
    summary: "Disable review apps; those that there are go",
    body: anything,
    answer: reviewConfig,
  },
  "GET /pipelines/:pipeline/review-apps": { summary: "List review apps, the newest first", answer: list(review) },
  "POST /pipelines/:pipeline/review-apps/:pull/approve": {
    summary: "Let a fork's commit have a review app; the caller's account at the forge may write to the repository",
    body: object({ commit: text }),
    example: { commit: "0123456789abcdef0123456789abcdef01234567" },
    answer: review,
  },
  "POST /review-apps": {
    summary: "Make the review app of an open pull request, by its branch or number",
    body: object({ pipeline: text, "branch?": text, "pr_number?": whole }),
    example: { pipeline: "shop", branch: "feature" },
    status: 201,
    answer: review,
  },
  "GET /review-apps/:review": { summary: "How a review app does", answer: review },
  "DELETE /review-apps/:review": { summary: "Destroy a review app", body: anything, answer: review },
  "GET /apps/:app/review-app": { summary: "The review app that an app is", answer: review },
  "GET /pipelines/:pipeline/repository": { summary: "The repository of a pipeline", answer: repository },
  "POST /pipelines/:pipeline/repository": {
    summary: "Connect a pipeline to a repository, by its number at GitHub",
    body: object({ repository: whole }),
    example: { repository: 1 },
    status: 201,
    answer: repository,
  },
  "PATCH /pipelines/:pipeline/repository": {
    summary: "Switch test runs on, which are not part of this platform yet",
    body: object({ "ci?": flag }),
    example: { ci: true },
    answer: repository,
  },
  "GET /github/repos/:owner/:repo/tarball/:ref": {
    summary: "How a branch of a repository is named as a source",
    answer: object({ archive_link: text }),
  },
  "GET /repos/:owner/:repo/archives/:ref": {
    summary: "How a branch of a repository is named as a source",
    answer: object({ archive_link: text }),
  },
  "POST /app-setups": {
    summary: "Make an app, and set it up as its app.json says",
    body: object({
      "app?": object({ "name?": orNull(text) }),
      source_blob: object({ url: text }),
      "overrides?": object({ "env?": map(text) }),
      "pipeline_coupling?": object({ stage: text }),
    }),
    example: { app: { name: "shop" }, source_blob: { url: "https://github.com/octocat/hello/tarball/main" } },
    status: 201,
    answer: setup,
  },
  "GET /app-setups/:setup": { summary: "How the setting up of an app goes", answer: setup },
  "DELETE /pipelines/:pipeline/repository": { summary: "Disconnect a pipeline from its repository", answer: parted },
  "GET /pipelines/:pipeline/repo": {
    summary: "The repository of a pipeline, in few words",
    answer: object({ id: whole, full_name: text, default_branch: text }),
  },
  "POST /pipelines/:pipeline/repo": {
    summary: "Connect a pipeline to a repository, by its address",
    body: object({ repo_url: text }),
    example: { repo_url: "https://github.com/octocat/hello" },
    status: 201,
    answer: repository,
  },
  "DELETE /pipelines/:pipeline/repo": { summary: "Disconnect a pipeline from its repository", answer: parted },
  "GET /pipelines/:pipeline/repo/branches/:branch": {
    summary: "A branch of a pipeline's repository",
    answer: object({ name: text, commit: object({ sha: text }) }),
  },
  "GET /pipelines/:pipeline/repo/compare": {
    summary: "What a commit of a pipeline's repository has that another has not",
    query: { base: text, head: text },
    answer: object({ ahead_by: whole, total_commits: whole, commits: list(anything) }),
  },
};
