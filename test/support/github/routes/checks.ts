import { type Call, page, Refusal, type Route, repositoryOf, route } from "../call.ts";
import { checkingApp, suiteShape } from "../checks.ts";
import { minimalShape, nodeId } from "../shapes.ts";
import { type CheckRun, type CheckSuite, fullName, now, type Repository } from "../state.ts";

/** `check-run`. */
function runShape(run: CheckRun, suite: CheckSuite, repository: Repository, call: Call) {
  const at = `${call.api}/repos/${fullName(repository)}/check-runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId("CR", run.id),
    head_sha: suite.sha,
    external_id: "",
    url: at,
    html_url: `${call.url}/${fullName(repository)}/runs/${run.id}`,
    details_url: `${call.url}/${fullName(repository)}/runs/${run.id}`,
    status: run.status,
    conclusion: run.conclusion,
    started_at: now(),
    completed_at: run.status === "completed" ? now() : null,
    output: { title: null, summary: null, text: null, annotations_count: 0, annotations_url: `${at}/annotations` },
    check_suite: { id: suite.id },
    app: checkingApp(suite.app, repository, call),
    pull_requests: [],
  };
}

async function suitesOf(call: Call): Promise<[readonly CheckSuite[], Repository, string]> {
  const repository = repositoryOf(call);
  const sha = await repository.git.resolve(call.params.ref ?? "");
  if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${call.params.ref}`);
  return [repository.suites.filter((suite) => suite.sha === sha), repository, sha];
}

export const checkRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", async (call) => {
    const [suites, repository, sha] = await suitesOf(call);
    const runs = suites.flatMap((suite) => suite.runs.map((run) => runShape(run, suite, repository, call)));
    return page(call, runs, `/repos/${fullName(repository)}/commits/${sha}/check-runs`, (items) => ({
      total_count: runs.length,
      check_runs: items,
    }));
  }),
  route("GET", "/repos/{owner}/{repo}/commits/{ref}/check-suites", async (call) => {
    const [suites, repository, sha] = await suitesOf(call);
    const shapes = await Promise.all(
      suites.map(async (suite) => ({
        ...(await suiteShape(suite, repository, call)),
        repository: minimalShape(repository, call),
      })),
    );
    return page(call, shapes, `/repos/${fullName(repository)}/commits/${sha}/check-suites`, (items) => ({
      total_count: shapes.length,
      check_suites: items,
    }));
  }),
];
