import { isRecord } from "../../../lib/validation/readers.ts";
import { type Route, Routes } from "../../../services/control-plane/api/routes.ts";
import { PublishedSchema } from "./published-schema.ts";

/** What each endpoint answers with, as a type of Heroku's published schema. */
const ANSWERS: Readonly<Record<string, string>> = {
  "GET /account": "Account",
  "PATCH /account": "Account",
  "GET /users": "Account[]",
  "GET /users/:user": "Account",
  "PATCH /users/:user": "Account",
  "DELETE /users/:user": "Account",
  "GET /users/:user/apps": "App[]",
  "GET /account/features": "AccountFeature[]",
  "GET /account/features/:feature": "AccountFeature",
  "GET /account/keys": "Key[]",
  "POST /account/app-transfers": "AppTransfer",
  "GET /apps": "App[]",
  "POST /apps": "App",
  "GET /apps/:app": "App",
  "PATCH /apps/:app": "App",
  "DELETE /apps/:app": "App",
  "GET /apps/:app/addons": "AddOn[]",
  "POST /apps/:app/addons": "AddOn",
  "GET /apps/:app/addons/:addon": "AddOn",
  "PATCH /apps/:app/addons/:addon": "AddOn",
  "DELETE /apps/:app/addons/:addon": "AddOn",
  "GET /apps/:app/addon-attachments": "AddOnAttachment[]",
  "GET /apps/:app/addon-attachments/:attachment": "AddOnAttachment",
  "GET /addon-attachments": "AddOnAttachment[]",
  "POST /addon-attachments": "AddOnAttachment",
  "GET /addon-attachments/:attachment": "AddOnAttachment",
  "DELETE /addon-attachments/:attachment": "AddOnAttachment",
  "GET /addons": "AddOn[]",
  "GET /addons/:addon": "AddOn",
  "GET /addons/:addon/config": "AddOnConfig[]",
  "GET /addons/:addon/addon-attachments": "AddOnAttachment[]",
  "GET /addon-services": "AddOnService[]",
  "GET /addon-services/:service": "AddOnService",
  "GET /addon-services/:service/plans": "Plan[]",
  "GET /addon-services/:service/plans/:plan": "Plan",
  "GET /plans/:plan": "Plan",
  "POST /actions/addons/resolve": "AddOn[]",
  "POST /actions/addon-attachments/resolve": "AddOnAttachment[]",
  "GET /apps/:app/builds": "Build[]",
  "POST /apps/:app/builds": "Build",
  "GET /apps/:app/builds/:build": "Build",
  "GET /apps/:app/buildpack-installations": "BuildpackInstallations[]",
  "PUT /apps/:app/buildpack-installations": "BuildpackInstallations[]",
  "POST /sources": "Source",
  "POST /apps/:app/sources": "Source",
  "GET /apps/:app/collaborators": "Collaborator[]",
  "POST /apps/:app/collaborators": "Collaborator",
  "GET /apps/:app/collaborators/:user": "Collaborator",
  "DELETE /apps/:app/collaborators/:user": "Collaborator",
  "GET /apps/:app/config-vars": "ConfigVars",
  "PATCH /apps/:app/config-vars": "ConfigVars",
  "GET /apps/:app/releases/:release/config-vars": "ConfigVars",
  "GET /apps/:app/domains": "Domain[]",
  "POST /apps/:app/domains": "Domain",
  "GET /apps/:app/domains/:domain": "Domain",
  "PATCH /apps/:app/domains/:domain": "Domain",
  "DELETE /apps/:app/domains/:domain": "Domain",
  "POST /apps/:app/acm": "App",
  "PATCH /apps/:app/acm": "App",
  "DELETE /apps/:app/acm": "App",
  "GET /apps/:app/dynos": "Dyno[]",
  "POST /apps/:app/dynos": "Dyno",
  "GET /apps/:app/dynos/:dyno": "Dyno",
  "GET /dyno-sizes": "DynoSize[]",
  "GET /dyno-sizes/:size": "DynoSize",
  "GET /apps/:app/features": "AppFeature[]",
  "GET /apps/:app/features/:feature": "AppFeature",
  "PATCH /apps/:app/features/:feature": "AppFeature",
  "GET /apps/:app/formation": "Formation[]",
  "PATCH /apps/:app/formation": "Formation[]",
  "GET /apps/:app/formation/:type": "Formation",
  "PATCH /apps/:app/formation/:type": "Formation",
  "GET /apps/:app/log-drains": "LogDrain[]",
  "POST /apps/:app/log-drains": "LogDrain",
  "GET /apps/:app/log-drains/:drain": "LogDrain",
  "DELETE /apps/:app/log-drains/:drain": "LogDrain",
  "POST /apps/:app/log-sessions": "LogSession",
  "GET /oauth/authorizations": "OAuthAuthorization[]",
  "POST /oauth/authorizations": "OAuthAuthorization",
  "GET /oauth/authorizations/:authorization": "OAuthAuthorization",
  "PATCH /oauth/authorizations/:authorization": "OAuthAuthorization",
  "DELETE /oauth/authorizations/:authorization": "OAuthAuthorization",
  "POST /oauth/authorizations/:authorization/actions/regenerate-tokens": "OAuthAuthorization",
  "GET /regions": "Region[]",
  "GET /regions/:region": "Region",
  "GET /pipelines": "Pipeline[]",
  "POST /pipelines": "Pipeline",
  "GET /pipelines/:pipeline": "Pipeline",
  "PATCH /pipelines/:pipeline": "Pipeline",
  "DELETE /pipelines/:pipeline": "Pipeline",
  "POST /pipeline-transfers": "PipelineTransfer",
  "GET /pipeline-couplings": "PipelineCoupling[]",
  "GET /users/:user/pipeline-couplings": "PipelineCoupling[]",
  "POST /pipeline-couplings": "PipelineCoupling",
  "GET /pipeline-couplings/:coupling": "PipelineCoupling",
  "PATCH /pipeline-couplings/:coupling": "PipelineCoupling",
  "DELETE /pipeline-couplings/:coupling": "PipelineCoupling",
  "GET /pipelines/:pipeline/pipeline-couplings": "PipelineCoupling[]",
  "GET /apps/:app/pipeline-couplings": "PipelineCoupling",
  "POST /filters/apps": "App[]",
  "POST /pipeline-promotions": "PipelinePromotion",
  "GET /pipeline-promotions/:promotion": "PipelinePromotion",
  "GET /pipeline-promotions/:promotion/promotion-targets": "PipelinePromotionTarget[]",
  "GET /pipelines/:pipeline/promotions": "PipelinePromotion[]",
  "GET /pipelines/:pipeline/stage/:stage/config-vars": "PipelineConfigVars",
  "PATCH /pipelines/:pipeline/stage/:stage/config-vars": "PipelineConfigVars",
  "GET /pipelines/:pipeline/review-apps": "ReviewApp[]",
  "POST /review-apps": "ReviewApp",
  "GET /review-apps/:review": "ReviewApp",
  "DELETE /review-apps/:review": "ReviewApp",
  "GET /apps/:app/review-app": "ReviewApp",
  "GET /enterprise-accounts": "EnterpriseAccount[]",
  "GET /spaces": "Space[]",
  "GET /teams": "Team[]",
  "GET /users/:user/teams": "Team[]",
  "GET /apps/:app/webhooks": "AppWebhook[]",
  "GET /apps/:app/webhook-deliveries": "AppWebhookDelivery[]",
  "GET /apps/:app/webhook-events": "AppWebhookEvent[]",
  "GET /apps/:app/releases": "Release[]",
  "POST /apps/:app/releases": "Release",
  "GET /apps/:app/releases/:release": "Release",
  "GET /apps/:app/slugs/:slug": "Slug",
  "GET /apps/:app/sni-endpoints": "SNIEndpoint[]",
  "POST /apps/:app/sni-endpoints": "SNIEndpoint",
  "GET /apps/:app/sni-endpoints/:endpoint": "SNIEndpoint",
  "PATCH /apps/:app/sni-endpoints/:endpoint": "SNIEndpoint",
  "DELETE /apps/:app/sni-endpoints/:endpoint": "SNIEndpoint",
  "POST /app-setups": "AppSetup",
  "GET /app-setups/:setup": "AppSetup",
  "GET /stacks": "Stack[]",
  "GET /stacks/:stack": "Stack",
};

/** What Heroku's schema has of what we answer, e.g. `GET /apps/:app`. */
export const PUBLISHED: readonly string[] = Object.keys(ANSWERS);

/**
 * Of these nothing is published: acts that answer with an empty object, Heroku's services besides the Platform API that the
 * official command line asks, and what is ours.
 */
const UNPUBLISHED = [
  "GET /openapi.json",
  "GET /metrics",
  "GET /addons/:addon/config/:name",
  "DELETE /apps/:app/dynos",
  "DELETE /apps/:app/dynos/:dyno",
  "DELETE /apps/:app/formations/:type",
  "POST /apps/:app/dynos/:dyno/actions/stop",
  "POST /apps/:app/formations/:type/actions/stop",
  "GET /accounts/:account/actions/get-quota",
  "GET /apps/:app/usage",
  "GET /apps/:app/drift",
  // In the older schema only.
  "GET /apps/:app/builds/:build/result",
  "GET /apps/:app/audit",
  "GET /audit",
  "GET /invitations",
  "POST /invitations",
  "DELETE /invitations/:invitation",
  "POST /actions/claim-first-admin",
  "POST /auth",
  // Heroku's own service for GitHub, and what is to come with the next command line.
  "GET /apps/:app/github",
  "POST /apps/:app/github",
  "PATCH /apps/:app/github",
  "DELETE /apps/:app/github",
  "GET /apps/:app/github/branches",
  "POST /apps/:app/github/push",
  "GET /apps/:app/repo",
  "GET /github/search/repositories",
  "GET /repos/:owner/:repo",
  "GET /repos/:owner/:repo/compare/:range",
  "GET /account/github",
  "POST /account/github",
  "DELETE /account/github",
  "GET /account/github/token",
  "GET /account/github/app-manifest",
  "POST /account/github/app",
  "POST /account/github/app/installation",
  "POST /account/github/codes",
  "GET /account/github/codes/:code",
  "GET /pipelines/:pipeline/review-app-config",
  "POST /pipelines/:pipeline/review-app-config",
  "PATCH /pipelines/:pipeline/review-app-config",
  "DELETE /pipelines/:pipeline/review-app-config",
  "POST /pipelines/:pipeline/review-apps/:pull/approve",
  "GET /pipelines/:pipeline/repository",
  "POST /pipelines/:pipeline/repository",
  "PATCH /pipelines/:pipeline/repository",
  "DELETE /pipelines/:pipeline/repository",
  "GET /github/repos/:owner/:repo/tarball/:ref",
  "GET /repos/:owner/:repo/archives/:ref",
  "GET /pipelines/:pipeline/repo",
  "POST /pipelines/:pipeline/repo",
  "DELETE /pipelines/:pipeline/repo",
  "GET /pipelines/:pipeline/repo/branches/:branch",
  "GET /pipelines/:pipeline/repo/compare",
  "GET /oauth/sessions",
  "DELETE /oauth/sessions/:session",
];
const OTHER_SERVICES = /^\/(api|auth|buildpacks|client|log-sessions|postgres)\//;

const LISTED = new Routes([
  ...Object.entries(ANSWERS).map(([route, type]) => entry(route, type)),
  ...UNPUBLISHED.map((route) => entry(route, undefined)),
]);

function entry(route: string, type: string | undefined): Route {
  const [method = "", path = ""] = route.split(" ");
  return [method, path, () => ({ body: type })];
}

const schema = await PublishedSchema.load();

/** What in an answer is not as Heroku publishes it. */
export function answerProblems(method: string, url: string, status: number, body: unknown): string[] {
  const [path = ""] = url.split("?");
  if (status >= 400) return errorProblems(body);
  if (OTHER_SERVICES.test(path) || isDryRun(body)) return [];
  const type = typeOf(method, path);
  if (type === null) return [`${method} ${path}: say in test/support/heroku/answers.ts what it answers with`];
  return type === undefined ? [] : schema.problems(type, body).map((problem) => `${method} ${path}: ${problem}`);
}

/** Whether it is said above what an endpoint answers with. */
export function isListed(method: string, path: string): boolean {
  return OTHER_SERVICES.test(path) || typeOf(method, path) !== null;
}

/** Undefined: nothing is published. Null: it is not listed. */
function typeOf(method: string, path: string): string | undefined | null {
  try {
    return (LISTED.find(method, path).handler as () => { body?: string })().body;
  } catch {
    return null;
  }
}

function errorProblems(body: unknown): string[] {
  const texts = isRecord(body) && typeof body.id === "string" && typeof body.message === "string";
  return texts ? [] : [`an error without id or message: ${JSON.stringify(body)}`];
}

function isDryRun(body: unknown): boolean {
  return isRecord(body) && body.dry_run === true;
}
