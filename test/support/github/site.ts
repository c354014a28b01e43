import { randomBytes } from "node:crypto";
import { install } from "./apps.ts";
import type { Answer, Call } from "./call.ts";
import { type Device, fullName, newSecret, type State, type Token, type User } from "./state.ts";

type SiteCall = Omit<Call, "params" | "rest">;

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
/** Seconds that a device's code is good for. */
const CODE_LIFE = 900;

/** What github.com has beside its API: the device flow, and the pages on which apps are made and installed. */
export async function site(call: SiteCall, method: string, path: string): Promise<Answer | undefined> {
  if (method === "POST" && path === "/login/device/code") return encoded(call, deviceCode(call));
  if (method === "POST" && path === "/login/oauth/access_token") return encoded(call, deviceToken(call));
  if (method === "POST" && /^(\/organizations\/[^/]+)?\/settings\/apps\/new$/.test(path)) return manifestPage(call);
  const slug = /^\/(?:github-)?apps\/([^/]+)\/installations\/new$/.exec(path)?.[1];
  if (method === "GET" && slug !== undefined) return installPage(call, slug);
  return undefined;
}

/** OAuth answers as a form, unless JSON is asked for; errors too have the status 200. */
function encoded({ headers }: SiteCall, body: Readonly<Record<string, string | number>>): Answer {
  if (headers.accept?.includes("json") === true) return { status: 200, body };
  const form = new URLSearchParams(Object.entries(body).map(([key, value]): [string, string] => [key, String(value)]));
  return { status: 200, text: form.toString(), headers: { "content-type": "application/x-www-form-urlencoded" } };
}

function error(name: string, more: Readonly<Record<string, number>> = {}) {
  return {
    error: name,
    error_description: `${name.replaceAll("_", " ")}.`,
    error_uri: "https://docs.github.com",
    ...more,
  };
}

function deviceCode({ state, body, query, url }: SiteCall) {
  const clientId = String(body.client_id ?? query.get("client_id") ?? "");
  if (!state.deviceClients.has(clientId)) return error("device_flow_disabled");
  const letters = randomBytes(4).toString("hex").toUpperCase();
  const device: Device = {
    deviceCode: randomBytes(20).toString("hex"),
    userCode: `${letters.slice(0, 4)}-${letters.slice(4)}`,
    clientId,
    expires: Date.now() + CODE_LIFE * 1000,
    interval: state.deviceInterval,
    askedAt: 0,
    verdict: undefined,
  };
  state.devices.push(device);
  return {
    device_code: device.deviceCode,
    user_code: device.userCode,
    verification_uri: `${url}/login/device`,
    expires_in: CODE_LIFE,
    interval: device.interval,
  };
}

function deviceToken({ state, body, query }: SiteCall) {
  const given = (key: string) => String(body[key] ?? query.get(key) ?? "");
  if (given("grant_type") !== GRANT) return error("unsupported_grant_type");
  const device = state.devices.find(({ deviceCode }) => deviceCode === given("device_code"));
  if (device === undefined || device.clientId !== given("client_id")) return error("incorrect_device_code");
  if (device.expires < Date.now()) return error("expired_token");
  const early = Date.now() - device.askedAt < device.interval * 1000;
  device.askedAt = Date.now();
  if (early) {
    device.interval += 5;
    return error("slow_down", { interval: device.interval });
  }
  if (device.verdict === undefined) return error("authorization_pending");
  if (device.verdict === "denied") return error("access_denied");
  state.devices.splice(state.devices.indexOf(device), 1);
  const token: Token = {
    value: newSecret("gho_"),
    user: device.verdict,
    permission: "admin",
    repositories: undefined,
    revoked: false,
  };
  state.tokens.set(token.value, token);
  return { access_token: token.value, token_type: "bearer", scope: "repo" };
}

function visitorOf(state: State): User {
  const [first] = state.users.values();
  const visitor = state.visitor ?? first;
  if (visitor === undefined) throw new Error("nobody is logged in: set state.visitor");
  return visitor;
}

/** The visitor clicks "Create GitHub App" at once. */
function manifestPage({ state, body, query }: SiteCall): Answer {
  const manifest = JSON.parse(String(body.manifest));
  const code = randomBytes(20).toString("hex");
  state.manifests.set(code, { manifest, owner: visitorOf(state) });
  const target = new URL(manifest.redirect_url);
  target.searchParams.set("code", code);
  target.searchParams.set("state", query.get("state") ?? "");
  return { status: 302, headers: { location: target.href } };
}

/** The visitor chooses repositories, and "Install", at once. */
function installPage({ state, query, url }: SiteCall, slug: string): Answer {
  const app = state.apps.find((each) => each.slug === slug);
  if (app === undefined) return { status: 404, body: { message: "Not Found" } };
  const visitor = visitorOf(state);
  const owned = state.repositories.filter(({ owner }) => owner === visitor).map(fullName);
  const { id } = install(state, app, visitor, state.chosen ?? owned);
  const { setup_url } = app.manifest;
  const target = new URL(typeof setup_url === "string" ? setup_url : `${url}/settings/installations/${id}`);
  target.searchParams.set("installation_id", String(id));
  target.searchParams.set("setup_action", "install");
  if (query.has("state")) target.searchParams.set("state", query.get("state") ?? "");
  return { status: 302, headers: { location: target.href } };
}
