import type { DeclaredApp } from "../../apps/ports.ts";
import type { AppLink, DeclaredLink, LinkedApp, LinkingApp } from "../../github/ports.ts";
import { type Answer, type Call, optionalText, requiredText } from "../call.ts";
import { type Desk, warned } from "../desk.ts";
import { invalid, notFound } from "../errors.ts";
import type { Route } from "../routes.ts";
import { showBuild } from "./builds.ts";
import { connectionOf, repositoryName } from "./github-repositories.ts";

const PATH = "/apps/:app/github";

/** An app's repository at GitHub, as Heroku's dashboard and people's scripts ask for it at kolkrabbi.heroku.com. */
export function githubRoutes(desk: Desk): Route[] {
  return [
    ["GET", PATH, (call) => one(desk, call)],
    ["POST", PATH, (call) => connect(desk, call)],
    ["PATCH", PATH, (call) => change(desk, call)],
    ["DELETE", PATH, (call) => disconnect(desk, call)],
    ["GET", `${PATH}/branches`, (call) => branches(desk, call)],
    ["POST", `${PATH}/push`, (call) => deploy(desk, call)],
    // As the official command line is to ask for it from its next version on.
    ["GET", "/apps/:app/repo", (call) => repository(desk, call)],
  ];
}

async function one(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  return { body: await show(desk, app, await linkOf(desk, app)) };
}

/**
 * The repository of an app, or else that of its pipeline: what `heroku pipelines:diff` asks Heroku's service for, where an
 * app takes part in its pipeline's repository.
 */
export async function anyRepository(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const link = await desk.ports.github.links.of(linking(app));
  if (link !== undefined) return { body: await show(desk, app, link) };
  const shared = await byPipeline(desk, app);
  if (shared === undefined) throw unconnected(app);
  return { body: { app_id: desk.appId(app), repo: shared.repository, branch: null, auto_deploy: false } };
}

async function connect(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { links } = desk.ports.github;
  const by = await connectionOf(desk, call);
  const name = repositoryName(requiredText(call, "repo"), by.baseUrl);
  const settings = readSettings(call);
  const link = await desk.actInTime(call, app, `Connect to ${name}`, (act) =>
    links.connect(linking(app), name, by, settings, act),
  );
  return { status: 201, body: await show(desk, app, link) };
}

async function change(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const settings = readSettings(call);
  const before = (await desk.ports.github.links.of(linking(app))) ?? (await connectShared(desk, call, app, settings));
  const what = describe(before, settings);
  if (what === undefined) return { body: await show(desk, app, before), headers: withoutReviewApps(call) };
  const { links } = desk.ports.github;
  const link = await desk.actInTime(call, app, what, (act) => links.set(linking(app), settings, act));
  return { body: await show(desk, app, link), headers: { ...withoutReviewApps(call), ...warned(link) } };
}

/** The link of the pipeline that an app is in. */
async function byPipeline({ ports: { pipelines } }: Desk, app: DeclaredApp): Promise<DeclaredLink | undefined> {
  const coupling = await pipelines.of(app.stack);
  return coupling && pipelines.link(coupling.pipeline);
}

/** Connects an app to the repository of its pipeline, without that it was connected first. */
async function connectShared(desk: Desk, call: Call, app: DeclaredApp, settings: Partial<LinkedApp>): Promise<AppLink> {
  const { github } = desk.ports;
  const link = await byPipeline(desk, app);
  if (link === undefined) throw unconnected(app);
  const by = await connectionOf(desk, call);
  return desk.actInTime(call, app, `Connect to ${link.repository}`, (act) =>
    github.links.connect(linking(app), link.repository, by, settings, act),
  );
}

/** What Heroku's clients switch on with the rest, and is told not to be. */
function withoutReviewApps({ body }: Call): Readonly<Record<string, string>> {
  const wanted = body.pull_requests;
  if (typeof wanted !== "object" || wanted === null || !("enabled" in wanted) || wanted.enabled !== true) return {};
  return { "Warning-Message": "Review apps stay off. Enable them with: heroku reviewapps:enable -p PIPELINE." };
}

async function disconnect(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const link = await linkOf(desk, app);
  const body = await show(desk, app, link);
  const { links } = desk.ports.github;
  const made = await desk.actInTime(call, app, `Disconnect from ${link.link.repository}`, (act) =>
    links.disconnect(linking(app), act),
  );
  return { body, headers: warned(made) };
}

async function branches(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  await linkOf(desk, app);
  const found = await desk.ports.github.links.branches(linking(app));
  return { body: found.map(({ name, head }) => ({ name, commit: { sha: head } })) };
}

/** What Heroku calls a manual deploy. */
async function deploy(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { branch } = await linkOf(desk, app);
  const wanted = optionalText(call, "branch") ?? branch;
  const { links } = desk.ports.github;
  const build = await desk.act(call, app, `Deploy branch ${wanted}`, () =>
    links.deploy(linking(app), wanted, call.caller.email),
  );
  return { status: 201, body: await showBuild(desk, call, app, build) };
}

async function repository(desk: Desk, call: Call): Promise<Answer> {
  const app = await desk.app(call);
  const { link } = await linkOf(desk, app);
  const { repository: known } = await desk.ports.github.links.state(linking(app));
  const full_name = known?.fullName ?? link.repository;
  return { body: { id: known?.id ?? null, full_name, default_branch: known?.defaultBranch ?? null } };
}

/** @throws ApiError 404 */
async function linkOf(desk: Desk, app: DeclaredApp): Promise<AppLink> {
  const link = await desk.ports.github.links.of(linking(app));
  if (link === undefined) throw unconnected(app);
  return link;
}

function unconnected({ name }: DeclaredApp) {
  return notFound("github", `a repository: ${name} is connected to none at GitHub`);
}

function linking({ name, id, stack }: DeclaredApp): LinkingApp {
  return { name, id, stack };
}

function readSettings(call: Call): Partial<LinkedApp> {
  const branch = optionalText(call, "branch");
  if (branch === "") throw invalid("branch", "branch is empty: name one.");
  const [autoDeploy, waitForCi] = [choice(call, "auto_deploy"), choice(call, "wait_for_ci")];
  return {
    ...(branch !== undefined && { branch }),
    ...(autoDeploy !== undefined && { autoDeploy }),
    ...(waitForCi !== undefined && { waitForCi }),
  };
}

function choice({ body }: Call, field: string): boolean | undefined {
  const value = body[field] ?? undefined;
  if (value === undefined || typeof value === "boolean") return value;
  throw invalid(field, `${field} must be true or false.`);
}

/** What differs; undefined: nothing. */
function describe(before: AppLink, wanted: Partial<LinkedApp>): string | undefined {
  const { branch, autoDeploy, waitForCi }: LinkedApp = { ...before, ...wanted };
  const said = [
    ...(autoDeploy === before.autoDeploy ? [] : [`${autoDeploy ? "enable" : "disable"} automatic deploys`]),
    ...(branch === before.branch ? [] : [`take branch ${branch}`]),
    ...(waitForCi === before.waitForCi ? [] : [waitForCi ? "wait for CI" : "do not wait for CI"]),
  ];
  const [first = "", ...rest] = said;
  return said.length === 0 ? undefined : [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(", ");
}

async function show(desk: Desk, app: DeclaredApp, { link, branch, autoDeploy, waitForCi }: AppLink) {
  const { repository, head, lookedAt, by, waiting, problem } = await desk.ports.github.links.state(linking(app));
  return {
    id: desk.id("github", app.id),
    app_id: desk.appId(app),
    repo: link.repository,
    repo_id: repository?.id ?? null,
    branch,
    auto_deploy: autoDeploy,
    wait_for_ci: waitForCi,
    // Of review apps, which there are none of.
    stale_days: null,
    pull_requests: { enabled: false, auto_deploy: false, auto_destroy: false },
    owner: desk.ports.accounts.owner(app.id),
    html_url: repository?.htmlUrl ?? `${link.baseUrl}/${link.repository}`,
    stack: link.stack,
    forge: link.forge ?? "github",
    status: {
      by,
      head: head ?? null,
      looked_at: lookedAt === undefined ? null : new Date(lookedAt).toISOString(),
      waiting: waiting ?? null,
      problem: problem ?? null,
    },
  };
}
