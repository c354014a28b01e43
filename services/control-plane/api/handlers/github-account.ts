import type { DeviceFlow } from "../../github/connections/device.ts";
import { type Answer, type Call, optionalText, requiredText } from "../call.ts";
import type { Desk } from "../desk.ts";
import { notFound } from "../errors.ts";
import { newGithubToken } from "../github-token.ts";
import type { Route } from "../routes.ts";
import { onlyPlanned } from "./rights.ts";

const PATH = "/account/github";

/**
 * The account of GitHub's that the caller connects. Its credential goes in here and never comes out.
 *
 * @param site where browsers find the platform's pages; by default where the caller reaches the API
 */
export function githubAccountRoutes(desk: Desk, site: string | undefined): Route[] {
  const { connections } = desk.ports.github;
  return [
    ["GET", PATH, (call) => ({ body: show(desk, call) })],
    [
      "POST",
      PATH,
      async (call) => {
        const token = requiredText(call, "token");
        onlyPlanned(call, "Connect a GitHub account");
        await connections.byToken(call.caller.id, token);
        return { status: 201, body: show(desk, call) };
      },
    ],
    ["DELETE", PATH, (call) => remove(desk, call)],
    ["GET", `${PATH}/token`, (call) => token(desk, call)],
    ["GET", `${PATH}/app-manifest`, (call) => manifest(desk, call, site)],
    [
      "POST",
      `${PATH}/app`,
      async (call) => {
        const [code, state] = [requiredText(call, "code"), requiredText(call, "state")];
        onlyPlanned(call, "Take a GitHub App");
        return { status: 201, body: { install_url: await connections.made(call.caller.id, code, state) } };
      },
    ],
    [
      "POST",
      `${PATH}/app/installation`,
      async (call) => {
        const [installation, state] = [requiredText(call, "installation_id"), optionalText(call, "state")];
        onlyPlanned(call, "Connect a GitHub account");
        const returnTo = await connections.installed(call.caller.id, installation, state);
        return { status: 201, body: { ...show(desk, call), return_to: returnTo ?? null } };
      },
    ],
    [
      "POST",
      `${PATH}/codes`,
      async (call) => {
        onlyPlanned(call, "Ask GitHub for a code");
        return { status: 201, body: showCode(await connections.beginCode(call.caller.id)) };
      },
    ],
    [
      "GET",
      `${PATH}/codes/:code`,
      ({ caller, params }) => {
        const flow = connections.code(caller.id, params.code ?? "");
        if (flow === undefined) throw notFound("code");
        return { body: showCode(flow) };
      },
    ],
  ];
}

/** Nothing of GitHub's: what it is good for is asked of this platform. */
async function token(desk: Desk, { caller }: Call): Promise<Answer> {
  const { connections } = desk.ports.github;
  if (connections.shown(caller.id)?.login === undefined) throw notFound("github", "a connected GitHub account");
  return { body: { github: { token: await newGithubToken(desk.token, caller.id, desk.clock()) } } };
}

async function manifest(desk: Desk, call: Call, site: string | undefined): Promise<Answer> {
  const { caller, query } = call;
  // A browser comes back to where it is.
  const home = caller.via === "session" ? call.origin : (site ?? call.origin);
  const organization = query.get("organization")?.trim() || undefined;
  const { connections } = desk.ports.github;
  return { body: await connections.order(caller.id, home, query.get("return_to") ?? "", organization) };
}

function remove(desk: Desk, call: Call): Answer {
  const body = show(desk, call);
  onlyPlanned(call, "Forget the GitHub account");
  if (!desk.ports.github.connections.remove(call.caller.id)) throw notFound("github", "a connected GitHub account");
  return { body };
}

function show(desk: Desk, { caller }: Call) {
  const { connections } = desk.ports.github;
  const shown = connections.shown(caller.id);
  return {
    connected: shown?.login !== undefined,
    login: shown?.login ?? null,
    forge: shown?.forge ?? connections.forge,
    base_url: shown?.baseUrl ?? connections.baseUrl,
    way: shown?.way ?? null,
    app_url: shown?.page ?? null,
    connected_at: shown === undefined ? null : new Date(shown.connectedAt).toISOString(),
    by_app: connections.byApp,
    by_code: connections.byCode,
  };
}

function showCode({ id, code, page, expiresAt, end }: DeviceFlow) {
  return {
    id,
    user_code: code,
    verification_uri: page,
    expires_at: new Date(expiresAt).toISOString(),
    status: end?.result ?? "pending",
    login: end?.result === "connected" ? end.login : null,
    message: end?.result === "failed" ? end.message : null,
  };
}
