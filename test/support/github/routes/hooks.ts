import { type Call, created, nothing, ok, page, Refusal, type Route, repositoryOf, route } from "../call.ts";
import { type Delivery, fullName, type Hook, type HookConfig, now, type Repository } from "../state.ts";

/** Events of repositories that we know of. */
const EVENTS = ["*", "push", "ping", "status", "check_suite", "check_run", "create", "delete", "repository"].concat([
  "pull_request",
  "deployment",
  "deployment_status",
]);

/** `hook`. GitHub never shows a secret. */
function hookShape(hook: Hook, repository: Repository, { api }: Pick<Call, "api">) {
  const at = `${api}/repos/${fullName(repository)}/hooks/${hook.id}`;
  const { secret, ...config } = hook.config;
  const last = hook.deliveries.findLast(({ status }) => status !== 0);
  return {
    type: "Repository",
    id: hook.id,
    name: "web",
    active: hook.active,
    events: hook.events,
    config: { ...config, ...(secret !== undefined && { secret: "********" }) },
    updated_at: hook.updatedAt,
    created_at: hook.createdAt,
    url: at,
    test_url: `${at}/test`,
    ping_url: `${at}/pings`,
    deliveries_url: `${at}/deliveries`,
    last_response: { code: last?.status ?? null, status: last ? "active" : "unused", message: null },
  };
}

function hookOf(call: Call): [Hook, Repository] {
  const repository = repositoryOf(call, "admin");
  const hook = repository.hooks.get(Number(call.params.hook_id));
  if (hook === undefined) throw new Refusal(404, "Not Found");
  return [hook, repository];
}

function configOf(given: unknown, known?: HookConfig): HookConfig {
  const { url, content_type, insecure_ssl, secret } = (given ?? {}) as Record<string, string | number | undefined>;
  if (url === undefined || !/^https?:\/\//.test(String(url))) {
    throw new Refusal(422, "Validation Failed", [{ resource: "Hook", code: "custom", message: "url is missing" }]);
  }
  const kept = secret === "********" ? known?.secret : secret;
  return {
    url: String(url),
    content_type: String(content_type ?? "form"),
    insecure_ssl: String(insecure_ssl ?? "0"),
    ...(kept !== undefined && kept !== "" && { secret: String(kept) }),
  };
}

function eventsOf(given: unknown): readonly string[] {
  const events = Array.isArray(given) ? given.map(String) : ["push"];
  const unknown = events.filter((event) => !EVENTS.includes(event));
  if (unknown.length > 0) {
    const message = `Events is invalid: ${unknown.join(", ")}`;
    throw new Refusal(422, "Validation Failed", [{ resource: "Hook", code: "custom", field: "events", message }]);
  }
  return events;
}

function ping(call: Call, repository: Repository, hook: Hook): void {
  const shape = {
    ...hookShape(hook, repository, call),
    last_response: { code: null, status: "unused", message: null },
  };
  const payload = { zen: "Keep it logically awesome.", hook_id: hook.id, hook: shape };
  call.emit(repository, "ping", payload, hook);
}

/** `hook-delivery-item`. */
function deliveryShape({ id, guid, at, redelivery, status, event, action, repository }: Delivery) {
  return {
    id,
    guid,
    delivered_at: at,
    redelivery,
    duration: 0.1,
    status: status >= 200 && status < 300 ? "OK" : status === 0 ? "failed to connect to host" : "Invalid HTTP Response",
    status_code: status,
    event,
    action,
    installation_id: null,
    repository_id: repository.id,
  };
}

function deliveryOf(call: Call): Delivery {
  const [hook] = hookOf(call);
  const found = hook.deliveries.find(({ id }) => id === Number(call.params.delivery_id));
  if (found === undefined) throw new Refusal(404, "Not Found");
  return found;
}

export const hookRoutes: readonly Route[] = [
  route("GET", "/repos/{owner}/{repo}/hooks", (call) => {
    const repository = repositoryOf(call, "admin");
    return page(call, [...repository.hooks.values()], `/repos/${fullName(repository)}/hooks`, (items) =>
      items.map((hook) => hookShape(hook, repository, call)),
    );
  }),
  route("POST", "/repos/{owner}/{repo}/hooks", (call) => {
    const repository = repositoryOf(call, "admin");
    const config = configOf(call.body.config);
    if ([...repository.hooks.values()].some((hook) => hook.config.url === config.url)) {
      const message = "Hook already exists on this repository";
      throw new Refusal(422, "Validation Failed", [{ resource: "Hook", code: "custom", message }]);
    }
    const hook: Hook = {
      id: call.state.next(),
      active: call.body.active !== false,
      events: eventsOf(call.body.events),
      config,
      createdAt: now(),
      updatedAt: now(),
      deliveries: [],
    };
    repository.hooks.set(hook.id, hook);
    ping(call, repository, hook);
    return created(hookShape(hook, repository, call));
  }),
  route("GET", "/repos/{owner}/{repo}/hooks/{hook_id}", (call) => {
    const [hook, repository] = hookOf(call);
    return ok(hookShape(hook, repository, call));
  }),
  route("PATCH", "/repos/{owner}/{repo}/hooks/{hook_id}", (call) => {
    const [hook, repository] = hookOf(call);
    // GitHub replaces the whole of it: a secret that is not sent is gone.
    if (call.body.config !== undefined) hook.config = configOf(call.body.config, hook.config);
    if (call.body.events !== undefined) hook.events = eventsOf(call.body.events);
    if (call.body.active !== undefined) hook.active = call.body.active === true;
    hook.updatedAt = now();
    return ok(hookShape(hook, repository, call));
  }),
  route("DELETE", "/repos/{owner}/{repo}/hooks/{hook_id}", (call) => {
    const [hook, repository] = hookOf(call);
    repository.hooks.delete(hook.id);
    return nothing;
  }),
  route("POST", "/repos/{owner}/{repo}/hooks/{hook_id}/pings", (call) => {
    const [hook, repository] = hookOf(call);
    ping(call, repository, hook);
    return nothing;
  }),
  route("GET", "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries", (call) => {
    const [hook, repository] = hookOf(call);
    const failed = call.query.get("status") === "failure";
    const all = hook.deliveries.filter(({ status }) => !failed || status < 200 || status >= 400).toReversed();
    const path = `/repos/${fullName(repository)}/hooks/${hook.id}/deliveries`;
    return page(call, all, path, (items) => items.map(deliveryShape));
  }),
  route("GET", "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}", (call) => {
    const delivery = deliveryOf(call);
    return ok({
      ...deliveryShape(delivery),
      url: delivery.hook.config.url,
      request: { headers: { "X-GitHub-Delivery": delivery.guid }, payload: delivery.payload },
      response: { headers: {}, payload: delivery.answer },
    });
  }),
  route("POST", "/repos/{owner}/{repo}/hooks/{hook_id}/deliveries/{delivery_id}/attempts", (call) => {
    call.redeliver(deliveryOf(call));
    return { status: 202, body: {} };
  }),
];
