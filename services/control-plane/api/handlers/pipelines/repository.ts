import type { DeclaredPipeline } from "../../../pipelines/ports.ts";
import { type Answer, type Call, optionalText } from "../../call.ts";
import type { Desk } from "../../desk.ts";
import { invalid, notFound } from "../../errors.ts";
import type { Route } from "../../routes.ts";
import { connectionOf, repositoryName, showComparison } from "../github-repositories.ts";
import { onlyPlannedFor, pipelineId, pipelineOf } from "./find.ts";
import { act } from "./pipelines.ts";

/** The repository of a pipeline: as Heroku's service for GitHub has it, and as the next official command line asks for it. */
export function pipelineRepositoryRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/pipelines/:pipeline/repository", (call) => show(desk, call)],
    ["POST", "/pipelines/:pipeline/repository", (call) => connectById(desk, call)],
    ["PATCH", "/pipelines/:pipeline/repository", (call) => change(desk, call)],
    ["DELETE", "/pipelines/:pipeline/repository", (call) => disconnect(desk, call)],
    ["GET", "/pipelines/:pipeline/repo", (call) => shortly(desk, call)],
    ["POST", "/pipelines/:pipeline/repo", (call) => connectByName(desk, call)],
    ["DELETE", "/pipelines/:pipeline/repo", (call) => disconnect(desk, call)],
    ["GET", "/pipelines/:pipeline/repo/branches/:branch", (call) => branch(desk, call)],
    ["GET", "/pipelines/:pipeline/repo/compare", (call) => compare(desk, call)],
  ];
}

async function show(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = await pipelineOf(desk, call);
  const { repository } = await repositoryOf(desk, pipeline);
  return { body: asHeroku(desk, pipeline, repository) };
}

/** `heroku pipelines:setup` switches on test runs there, which it is told are not here. */
async function change(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = await pipelineOf(desk, call, "own");
  const { repository } = await repositoryOf(desk, pipeline);
  const headers = { "Warning-Message": "Test runs are not part of this platform yet: they stay off." };
  return { body: asHeroku(desk, pipeline, repository), headers: call.body.ci === true ? headers : {} };
}

async function shortly(desk: Desk, call: Call): Promise<Answer> {
  const { repository } = await repositoryOf(desk, await pipelineOf(desk, call));
  const { id, fullName, defaultBranch } = repository;
  return { body: { id, full_name: fullName, default_branch: defaultBranch } };
}

/** `heroku pipelines:connect` knows the repository by its number at GitHub. */
async function connectById(desk: Desk, call: Call): Promise<Answer> {
  const { repository: id } = call.body;
  if (!Number.isSafeInteger(id)) throw invalid("repository", "repository must be the number of a repository.");
  const by = await connectionOf(desk, call);
  const { fullName } = await desk.ports.github.open(by).repositoryById(Number(id));
  return connect(desk, call, fullName);
}

async function connectByName(desk: Desk, call: Call): Promise<Answer> {
  const by = await connectionOf(desk, call);
  return connect(desk, call, repositoryName(optionalText(call, "repo_url") ?? "", by.baseUrl));
}

async function connect(desk: Desk, call: Call, name: string): Promise<Answer> {
  const pipeline = await pipelineOf(desk, call, "own");
  const by = await connectionOf(desk, call);
  const description = `Connect the pipeline ${pipeline.name} to ${name}`;
  onlyPlannedFor(pipeline, call, description);
  await desk.ports.pipelines.connect(pipeline, name, by, act(call, description));
  const now = await pipelineOf(desk, call, "own");
  const { repository } = await repositoryOf(desk, now);
  return { status: 201, body: { ...asHeroku(desk, now, repository), full_name: repository.fullName } };
}

async function disconnect(desk: Desk, call: Call): Promise<Answer> {
  const pipeline = await pipelineOf(desk, call, "own");
  const link = await desk.ports.pipelines.link(pipeline);
  if (link === undefined) throw unconnected(pipeline);
  const description = `Disconnect the pipeline ${pipeline.name} from ${link.repository}`;
  onlyPlannedFor(pipeline, call, description);
  const { pipelines, reviews } = desk.ports;
  // Their repository is told of it while there is a way to it.
  await reviews.removeAll(pipeline, "its pipeline was disconnected", () =>
    pipelines.disconnect(pipeline, act(call, description)),
  );
  return { body: { id: pipelineId(desk, pipeline), full_name: link.repository } };
}

async function branch(desk: Desk, call: Call): Promise<Answer> {
  const { forge, repository } = await repositoryOf(desk, await pipelineOf(desk, call));
  const wanted = call.params.branch ?? "";
  const found = (await forge.branches(repository.fullName)).find(({ name }) => name === wanted);
  if (found === undefined) throw notFound("branch", `the branch ${wanted} of ${repository.fullName}`);
  return { body: { name: found.name, commit: { sha: found.head } } };
}

async function compare(desk: Desk, call: Call): Promise<Answer> {
  const { forge, repository } = await repositoryOf(desk, await pipelineOf(desk, call));
  const [base, head] = ["base", "head"].map((field) => call.query.get(field) ?? "");
  if (!base || !head) throw invalid("base", "base and head are required.");
  return { body: showComparison(await forge.compare(repository.fullName, base, head)) };
}

/** @throws ApiError 404 */
async function repositoryOf(desk: Desk, pipeline: DeclaredPipeline) {
  if ((await desk.ports.pipelines.link(pipeline)) === undefined) throw unconnected(pipeline);
  return desk.ports.pipelines.repository(pipeline);
}

function unconnected({ name }: DeclaredPipeline) {
  return notFound("repository", `a repository: the pipeline ${name} is connected to none at GitHub`);
}

function asHeroku(
  desk: Desk,
  pipeline: DeclaredPipeline,
  { id, fullName }: { readonly id: number; readonly fullName: string },
) {
  return {
    id: desk.id("pipeline-repository", pipeline.id),
    // Of test runs, which there are none of.
    ci: false,
    organization: null,
    pipeline: { id: pipelineId(desk, pipeline) },
    repository: { id, name: fullName, type: "github" },
  };
}
