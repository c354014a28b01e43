import { ABSENT, EMPTY } from "../../handlers/absent.ts";
import { app, named } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { anything, flag, list, none, object, orNull, text, time, uuid, whole } from "../schema.ts";

const domain = object({
  id: uuid,
  acm_status: orNull(text),
  acm_status_reason: orNull(text),
  app: named,
  cname: orNull(text),
  created_at: time,
  hostname: text,
  kind: text,
  sni_endpoint: orNull(named),
  status: text,
  updated_at: time,
});
const certificate = object({
  id: uuid,
  name: text,
  app: named,
  certificate_chain: text,
  created_at: time,
  display_name: none,
  domains: list(uuid),
  ssl_cert: object({
    id: uuid,
    acm: flag,
    "ca_signed?": flag,
    cert_domains: list(text),
    expires_at: time,
    issuer: text,
    starts_at: time,
    subject: text,
  }),
  updated_at: time,
});
const pair = object({ certificate_chain: text, private_key: text });
const kind = object({ id: uuid, name: text, created_at: time, updated_at: time });
const feature = object({
  id: uuid,
  name: text,
  display_name: text,
  description: text,
  doc_url: text,
  feedback_email: text,
  state: text,
  enabled: flag,
  created_at: time,
  updated_at: time,
});
const buildpacks = list(object({ ordinal: whole, buildpack: object({ name: text, url: text }) }));

export const apps: Operations = {
  "GET /apps": { summary: "List apps", answer: list(app) },
  "POST /apps": {
    summary: "Make an app, under a name that is found if none is given",
    body: object({ "name?": orNull(text), "region?": orNull(text), "stack?": orNull(text) }),
    example: {},
    status: 201,
    answer: app,
  },
  "GET /users/:user/apps": { summary: "List a user's apps", answer: list(app) },
  "GET /apps/:app": { summary: "An app", answer: app },
  "PATCH /apps/:app": {
    summary: "Rename an app, or turn its maintenance mode on or off",
    body: object({ "name?": orNull(text), "maintenance?": flag, "build_stack?": orNull(text) }),
    answer: app,
  },
  "DELETE /apps/:app": { summary: "Destroy an app with all that is its", answer: app },
  "GET /apps/:app/domains": { summary: "List an app's domains", paged: true, answer: list(domain) },
  "POST /apps/:app/domains": {
    summary: "Serve an app at a domain",
    body: object({ hostname: text, "sni_endpoint?": orNull(text) }),
    example: { hostname: "www.example.com" },
    status: 201,
    answer: domain,
  },
  "GET /apps/:app/domains/:domain": { summary: "A domain of an app", answer: domain },
  "PATCH /apps/:app/domains/:domain": {
    summary: "Choose the certificate that a domain is served with",
    body: object({ "sni_endpoint?": orNull(text) }),
    answer: domain,
  },
  "DELETE /apps/:app/domains/:domain": { summary: "Serve an app at a domain no more", answer: domain },
  "GET /apps/:app/sni-endpoints": {
    summary: "List an app's certificates: those that were uploaded, and those that renew themselves as one",
    answer: list(certificate),
  },
  "POST /apps/:app/sni-endpoints": {
    summary: "Upload a certificate and its key, PEM",
    body: pair,
    example: { certificate_chain: "-----BEGIN CERTIFICATE-----", private_key: "-----BEGIN PRIVATE KEY-----" },
    status: 201,
    answer: certificate,
  },
  "GET /apps/:app/sni-endpoints/:endpoint": { summary: "A certificate of an app", answer: certificate },
  "PATCH /apps/:app/sni-endpoints/:endpoint": {
    summary: "Upload another certificate in the place of one",
    body: pair,
    example: { certificate_chain: "-----BEGIN CERTIFICATE-----", private_key: "-----BEGIN PRIVATE KEY-----" },
    answer: certificate,
  },
  "DELETE /apps/:app/sni-endpoints/:endpoint": { summary: "Remove an uploaded certificate", answer: certificate },
  "POST /apps/:app/acm": {
    summary: "Give an app's domains certificates that renew themselves",
    example: {},
    answer: app,
  },
  "PATCH /apps/:app/acm": {
    summary: "Look at an app's domains at once, whose certificates renew themselves",
    body: object({ "acm_refresh?": flag }),
    example: { acm_refresh: true },
    answer: app,
  },
  "DELETE /apps/:app/acm": { summary: "Let an app's certificates renew themselves no more", answer: app },
  "GET /apps/:app/features": {
    summary: "List what of Heroku's labs there is, and what an app has",
    answer: list(feature),
  },
  "GET /apps/:app/features/:feature": { summary: "One of Heroku's labs, and whether an app has it", answer: feature },
  "PATCH /apps/:app/features/:feature": {
    summary: "Switch one of Heroku's labs on or off for an app",
    body: object({ enabled: flag }),
    example: { enabled: true },
    answer: feature,
  },
  "GET /apps/:app/buildpack-installations": { summary: "List an app's buildpacks", answer: buildpacks },
  "PUT /apps/:app/buildpack-installations": {
    summary: "Set an app's buildpacks, of which there is one",
    body: object({ updates: list(object({ buildpack: text })) }),
    example: { updates: [] },
    answer: buildpacks,
  },
  "GET /regions": { summary: "List regions", answer: list(kind) },
  "GET /regions/:region": { summary: "A region", answer: kind },
  "GET /stacks": { summary: "List stacks", answer: list(kind) },
  "GET /stacks/:stack": { summary: "A stack", answer: kind },
  ...Object.fromEntries(
    EMPTY.map((path) => [`GET ${path}`, { summary: "None, on this platform", answer: list(anything) }]),
  ),
  ...Object.fromEntries(
    ABSENT.map(([method, path, what]) => [
      `${method} ${path}`,
      { summary: `${what}, which are not part of this platform`, answer: anything },
    ]),
  ),
};

export const openApps: Operations = {
  "GET /buildpacks/:name": { summary: "A buildpack of the registry", answer: object({ blob_url: text }) },
  "GET /api/v4/current-status": {
    summary: "How the platform is",
    answer: object({
      status: list(object({ system: text, status: text })),
      incidents: list(anything),
      scheduled: list(anything),
    }),
  },
};
