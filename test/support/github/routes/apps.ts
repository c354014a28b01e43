import { appShape, createApp, installationShape, signer } from "../apps.ts";
import { type Call, created, nothing, ok, page, Refusal, type Route, route, sees, viewer } from "../call.ts";
import { repositoryShape } from "../shapes.ts";
import { type App, fullName, type Installation, newSecret, type Token } from "../state.ts";

/** Milliseconds that an installation's token is good for. */
const LIFE = 3_600_000;

function appOf(call: Call): App {
  const app = signer(call.state, call.headers.authorization);
  if (app === undefined) throw new Refusal(401, "A JSON web token could not be decoded");
  return app;
}

function installationOf(call: Call): [App, Installation] {
  const app = appOf(call);
  const found = app.installations.get(Number(call.params.installation_id));
  if (found === undefined) throw new Refusal(404, "Not Found");
  return [app, found];
}

export const appRoutes: readonly Route[] = [
  route("POST", "/app-manifests/{code}/conversions", (call) => {
    const { code = "" } = call.params;
    const found = call.state.manifests.get(code);
    if (found === undefined) throw new Refusal(404, "Not Found");
    // Once, and within an hour.
    call.state.manifests.delete(code);
    const app = createApp(call.state, found.owner, found.manifest);
    return created({
      ...appShape(app, call),
      client_id: app.clientId,
      client_secret: app.clientSecret,
      webhook_secret: app.webhookSecret,
      pem: app.privateKey,
    });
  }),
  route("GET", "/app", (call) => ok(appShape(appOf(call), call))),
  route("GET", "/app/installations", (call) => {
    const app = appOf(call);
    return page(call, [...app.installations.values()], "/app/installations", (items) =>
      items.map((each) => installationShape(app, each, call)),
    );
  }),
  route("GET", "/app/installations/{installation_id}", (call) => ok(installationShape(...installationOf(call), call))),
  route("DELETE", "/app/installations/{installation_id}", (call) => {
    const [app, { id }] = installationOf(call);
    app.installations.delete(id);
    return nothing;
  }),
  route("GET", "/repos/{owner}/{repo}/installation", (call) => {
    const app = appOf(call);
    const name = `${call.params.owner}/${call.params.repo}`;
    const found = [...app.installations.values()].find(({ repositories }) => repositories.includes(name));
    if (found === undefined) throw new Refusal(404, "Not Found");
    return ok(installationShape(app, found, call));
  }),
  route("POST", "/app/installations/{installation_id}/access_tokens", (call) => {
    const [app, { account, repositories, suspended }] = installationOf(call);
    if (suspended) throw new Refusal(403, "This installation has been suspended");
    const asked = call.body.repository_ids as readonly number[] | undefined;
    const known = call.state.repositories.filter((each) => repositories.includes(fullName(each)));
    const wanted = known.filter(({ id }) => asked === undefined || asked.includes(id));
    if (asked !== undefined && wanted.length < asked.length) {
      throw new Refusal(422, "There is at least one repository that does not exist or is not accessible.");
    }
    const token: Token = {
      value: newSecret("ghs_"),
      user: account,
      permission: "admin",
      repositories: wanted.map(fullName),
      revoked: false,
      expires: Date.now() + LIFE,
      app,
    };
    call.state.tokens.set(token.value, token);
    return created({
      token: token.value,
      expires_at: new Date(token.expires ?? 0).toISOString(),
      permissions: (call.body.permissions ?? app.manifest.default_permissions ?? {}) as object,
      repository_selection: "selected",
    });
  }),
  route("GET", "/installation/repositories", (call) => {
    const token = viewer(call);
    if (token.app === undefined) throw new Refusal(403, "You must authenticate with an installation access token");
    const seen = call.state.repositories.filter(
      (each) => token.repositories?.includes(fullName(each)) === true && sees(token, each),
    );
    return page(call, seen, "/installation/repositories", (items) => ({
      total_count: seen.length,
      repository_selection: "selected",
      repositories: items.map((each) => repositoryShape(each, call)),
    }));
  }),
];
