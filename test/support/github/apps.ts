import { createVerify, generateKeyPairSync } from "node:crypto";
import { nodeId, type Place, userShape } from "./shapes.ts";
import { type App, type Installation, newSecret, type State, type User } from "./state.ts";

const SINCE = "2020-01-01T00:00:00Z";

/** Made from a manifest, as the redirect's code is converted. */
export function createApp(state: State, owner: User, manifest: Readonly<Record<string, unknown>>): App {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const name = String(manifest.name ?? "An app");
  const made: App = {
    id: state.next(),
    slug: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-"),
    name,
    owner,
    clientId: newSecret("Iv1."),
    clientSecret: newSecret(""),
    webhookSecret: newSecret(""),
    privateKey,
    publicKey,
    installations: new Map(),
    manifest,
  };
  state.apps.push(made);
  return made;
}

/** Installs an app in an account, for these repositories. */
export function install(state: State, app: App, account: User, repositories: readonly string[]): Installation {
  const made: Installation = { id: state.next(), account, repositories, suspended: false };
  app.installations.set(made.id, made);
  return made;
}

/** `integration`. */
export function appShape(app: App, place: Place) {
  return {
    id: app.id,
    slug: app.slug,
    node_id: nodeId("A", app.id),
    client_id: app.clientId,
    owner: userShape(app.owner, place),
    name: app.name,
    description: null,
    external_url: "https://example.com/",
    html_url: `${place.url}/apps/${app.slug}`,
    created_at: SINCE,
    updated_at: SINCE,
    permissions: (app.manifest.default_permissions ?? {}) as Readonly<Record<string, string>>,
    events: (app.manifest.default_events ?? []) as readonly string[],
  };
}

/** `installation`. */
export function installationShape(app: App, { id, account, suspended }: Installation, place: Place) {
  return {
    id,
    account: userShape(account, place),
    repository_selection: "selected",
    access_tokens_url: `${place.api}/app/installations/${id}/access_tokens`,
    repositories_url: `${place.api}/installation/repositories`,
    html_url: `${place.url}/settings/installations/${id}`,
    app_id: app.id,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: (app.manifest.default_permissions ?? {}) as Readonly<Record<string, string>>,
    events: (app.manifest.default_events ?? []) as readonly string[],
    created_at: SINCE,
    updated_at: SINCE,
    single_file_name: null,
    suspended_by: suspended ? userShape(account, place) : null,
    suspended_at: suspended ? SINCE : null,
  };
}

/** The app that signed a request's token; undefined: none did, or it is out of date. */
export function signer(state: State, authorization: string | undefined): App | undefined {
  const [head = "", claims = "", signature = ""] = (authorization ?? "").replace(/^bearer /i, "").split(".");
  if (signature === "") return undefined;
  const { iss, exp, iat } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
  const app = state.apps.find(({ id, clientId }) => String(iss) === String(id) || iss === clientId);
  const seconds = Date.now() / 1000;
  if (app === undefined || exp < seconds || exp > seconds + 660 || iat > seconds + 60) return undefined;
  const verify = createVerify("RSA-SHA256").update(`${head}.${claims}`);
  return verify.verify(app.publicKey, Buffer.from(signature, "base64url")) ? app : undefined;
}
