import { type Call, created, nothing, ok, page, Refusal, type Route, repositoryOf, route, viewer } from "../call.ts";
import { nodeId, userShape } from "../shapes.ts";
import { type Deployment, type DeploymentStatus, fullName, now, type Repository } from "../state.ts";

/** `deployment`. */
function deploymentShape(deployment: Deployment, repository: Repository, call: Call) {
  const at = `${call.api}/repos/${fullName(repository)}`;
  return {
    url: `${at}/deployments/${deployment.id}`,
    id: deployment.id,
    node_id: nodeId("DE", deployment.id),
    sha: deployment.sha,
    ref: deployment.ref,
    task: "deploy",
    payload: deployment.payload,
    environment: deployment.environment,
    original_environment: deployment.environment,
    description: deployment.description,
    creator: userShape(deployment.creator, call),
    created_at: deployment.at,
    updated_at: deployment.at,
    statuses_url: `${at}/deployments/${deployment.id}/statuses`,
    repository_url: at,
    transient_environment: deployment.transient,
    production_environment: deployment.production,
  };
}

/** `deployment-status`. */
function statusShape(status: DeploymentStatus, deployment: Deployment, repository: Repository, call: Call) {
  const at = `${call.api}/repos/${fullName(repository)}`;
  return {
    url: `${at}/deployments/${deployment.id}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId("DES", status.id),
    state: status.state,
    creator: userShape(status.creator, call),
    description: status.description,
    environment: deployment.environment,
    target_url: status.logUrl,
    created_at: status.at,
    updated_at: status.at,
    deployment_url: `${at}/deployments/${deployment.id}`,
    repository_url: at,
    environment_url: status.environmentUrl,
    log_url: status.logUrl,
  };
}

function deploymentOf(call: Call, permission: "read" | "write"): [Deployment, Repository] {
  const repository = repositoryOf(call, permission);
  const found = repository.deployments.find(({ id }) => id === Number(call.params.deployment_id));
  if (found === undefined) throw new Refusal(404, "Not Found");
  return [found, repository];
}

export const deploymentRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}/deployments", (call) => {
    const repository = repositoryOf(call);
    const asked = (key: "sha" | "ref" | "environment") => call.query.get(key);
    const found = repository.deployments.filter((each) =>
      (["sha", "ref", "environment"] as const).every((key) => asked(key) === null || asked(key) === each[key]),
    );
    return page(call, found.toReversed(), `/repos/${fullName(repository)}/deployments`, (items) =>
      items.map((each) => deploymentShape(each, repository, call)),
    );
  }),
  route("POST", "/repos/{owner}/{repo}/deployments", async (call) => {
    const repository = repositoryOf(call, "write");
    const ref = String(call.body.ref);
    const sha = await repository.git.resolve(ref);
    if (sha === undefined) throw new Refusal(422, `No ref found for: ${ref}`);
    // By default GitHub refuses what has open checks, and merges the default branch in.
    if (!Array.isArray(call.body.required_contexts) || call.body.auto_merge !== false) {
      throw new Refusal(409, "Conflict: name no required_contexts and no auto_merge to deploy as it is");
    }
    const deployment: Deployment = {
      id: call.state.next(),
      ref,
      sha,
      environment: String(call.body.environment ?? "production"),
      description: (call.body.description ?? null) as string | null,
      payload: (call.body.payload ?? {}) as object | string,
      transient: call.body.transient_environment === true,
      production: call.body.production_environment === true,
      creator: viewer(call).user,
      at: now(),
      statuses: [],
    };
    repository.deployments.push(deployment);
    return created(deploymentShape(deployment, repository, call));
  }),
  route("GET", "/repos/{owner}/{repo}/deployments/{deployment_id}", (call) => {
    const [deployment, repository] = deploymentOf(call, "read");
    return ok(deploymentShape(deployment, repository, call));
  }),
  route("DELETE", "/repos/{owner}/{repo}/deployments/{deployment_id}", (call) => {
    const [deployment, repository] = deploymentOf(call, "write");
    const active = deployment.statuses.at(-1)?.state === "success";
    if (active) throw new Refusal(422, "We cannot delete an active deployment unless it is the only deployment");
    repository.deployments.splice(repository.deployments.indexOf(deployment), 1);
    return nothing;
  }),
  route("GET", "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", (call) => {
    const [deployment, repository] = deploymentOf(call, "read");
    const path = `/repos/${fullName(repository)}/deployments/${deployment.id}/statuses`;
    return page(call, deployment.statuses.toReversed(), path, (items) =>
      items.map((status) => statusShape(status, deployment, repository, call)),
    );
  }),
  route("POST", "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", (call) => {
    const [deployment, repository] = deploymentOf(call, "write");
    const { state, description, environment_url, log_url } = call.body as Record<string, string | undefined>;
    const { user: creator } = viewer(call);
    const add = (to: Deployment, status: Omit<DeploymentStatus, "id" | "creator" | "at">) => {
      const added = { ...status, id: call.state.next(), creator, at: now() };
      to.statuses.push(added);
      return added;
    };
    const made = add(deployment, {
      state: state ?? "",
      description: description ?? "",
      environmentUrl: environment_url ?? "",
      logUrl: log_url ?? "",
    });
    // As GitHub does, of environments that are neither transient nor production.
    if (state === "success" && call.body.auto_inactive !== false) {
      for (const other of repository.deployments) {
        const same = other !== deployment && other.environment === deployment.environment;
        if (!same || other.transient || other.production || other.statuses.at(-1)?.state !== "success") continue;
        add(other, { state: "inactive", description: "", environmentUrl: "", logUrl: "" });
      }
    }
    return created(statusShape(made, deployment, repository, call));
  }),
];
