import type { PropertyMap } from "../../src/values/values.ts";
import { bool, int, list, object, type Properties, string } from "../bridge/index.ts";

/** The provider's own configuration. What it lacks comes from the environment's GITHUB_… variables. */
export const configuration: Properties = {
  token: string({ sensitive: true }),
  owner: string(),
  /** Of before `owner`. */
  organization: string(),
  baseUrl: string(),
  appAuth: object({
    id: string({ required: true }),
    installationId: string({ required: true }),
    pemFile: string({ required: true, sensitive: true }),
  }),
  /** Milliseconds after a write before the next request. @default 1000 */
  writeDelayMs: int(),
  /** @default 0 */
  readDelayMs: int(),
  /** Milliseconds before what failed is asked again. @default 1000 */
  retryDelayMs: int(),
  /** @default 3 */
  maxRetries: int(),
  /** Statuses after which it is asked again. @default 500, 502, 503, 504 */
  retryableErrors: list("int"),
  /** Two writes at once make GitHub refuse both sooner. @default false */
  parallelRequests: bool(),
  // Taken and not followed: how the real plugin asks for lists and keeps answers, and which of its clients it takes.
  maxPerPage: int(),
  cachePath: string(),
  legacyClient: bool(),
  insecure: bool(),
};

/** What the client goes by. */
export interface Settings {
  /** E.g. `https://api.github.com/`; ends in a slash. */
  readonly api: string;
  readonly token: string | undefined;
  readonly app: { readonly id: string; readonly installation: string; readonly pem: string } | undefined;
  /** Undefined: whoever the token belongs to. */
  readonly owner: string | undefined;
  /** Whether requests go without waiting for each other. */
  readonly parallel: boolean;
  readonly writeDelay: number;
  readonly readDelay: number;
  readonly retryDelay: number;
  readonly retries: number;
  readonly retryable: readonly number[];
}

export function settingsOf(config: PropertyMap, environment: NodeJS.ProcessEnv = process.env): Settings {
  const text = (value: unknown, variable: string) =>
    typeof value === "string" && value !== "" ? value : environment[variable] || undefined;
  const number = (value: unknown, otherwise: number) => (typeof value === "number" ? value : otherwise);
  const app = (config.appAuth ?? {}) as PropertyMap;
  const id = text(app.id, "GITHUB_APP_ID");
  const installation = text(app.installationId, "GITHUB_APP_INSTALLATION_ID");
  const pem = text(app.pemFile, "GITHUB_APP_PEM_FILE")?.replaceAll("\\n", "\n");
  const retryable = Array.isArray(config.retryableErrors) ? config.retryableErrors.map(Number) : [];
  return {
    api: apiOf(text(config.baseUrl, "GITHUB_BASE_URL") ?? "https://api.github.com/"),
    token: text(config.token, "GITHUB_TOKEN"),
    app: id && installation && pem ? { id, installation, pem } : undefined,
    owner: text(config.owner, "GITHUB_OWNER") ?? text(config.organization, "GITHUB_ORGANIZATION"),
    parallel: config.parallelRequests === true,
    writeDelay: number(config.writeDelayMs, 1000),
    readDelay: number(config.readDelayMs, 0),
    retryDelay: number(config.retryDelayMs, 1000),
    retries: number(config.maxRetries, 3),
    retryable: retryable.length > 0 ? retryable : [500, 502, 503, 504],
  };
}

/**
 * Where the REST API of a `baseUrl` is, as the real plugin has it: github.com's and `*.ghe.com`'s own host, and
 * `/api/v3/` on any other, which is a GitHub Enterprise Server.
 *
 * @throws Error with one line for what is no such address
 */
export function apiOf(baseUrl: string): string {
  if (!URL.canParse(baseUrl))
    throw new Error(`baseUrl ${JSON.stringify(baseUrl)} is no address, e.g. https://github.com/`);
  const url = new URL(baseUrl);
  const { protocol, host, hostname } = url;
  const path = url.pathname.replace(/\/+$/, "").replace(/\/api\/v3$/, "");
  const hosted = hostname === "github.com" || hostname === "api.github.com" || hostname.endsWith(".ghe.com");
  if (!hosted) return `${protocol}//${host}${path}/api/v3/`;
  if (protocol !== "https:" || path !== "")
    throw new Error(`baseUrl ${baseUrl}: use https and no path for ${hostname}`);
  return `https://${hostname.startsWith("api.") ? hostname : `api.${hostname}`}/`;
}
