import { UserError } from "../../lib/errors.ts";

export const HEROKU_API = "https://api.heroku.com";

const TIMEOUT_MS = 30_000;

/** What Heroku's API says of an app, as far as it is read. */
export interface HerokuApp {
  readonly app: { readonly name: string; readonly maintenance: boolean; readonly stack: { readonly name: string } };
  readonly formation: readonly { readonly type: string; readonly quantity: number; readonly size: string }[];
  readonly config: Readonly<Record<string, string | null>>;
  readonly addons: readonly {
    readonly id: string;
    readonly name: string;
    readonly plan: { readonly name: string };
    readonly config_vars: readonly string[];
  }[];
  readonly attachments: readonly {
    readonly name: string;
    readonly addon: { readonly id: string; readonly name: string; readonly app: { readonly name: string } };
  }[];
  readonly domains: readonly { readonly hostname: string; readonly kind: string }[];
  readonly buildpacks: readonly { readonly buildpack: { readonly name: string; readonly url: string } }[];
  readonly features: readonly { readonly name: string; readonly enabled: boolean }[];
  readonly drains: readonly unknown[];
}

/** What is asked for, below `/apps/<app>`. */
export const ENDPOINTS: Readonly<Record<keyof HerokuApp, string>> = {
  app: "",
  formation: "/formation",
  config: "/config-vars",
  addons: "/addons",
  attachments: "/addon-attachments",
  domains: "/domains",
  buildpacks: "/buildpack-installations",
  features: "/features",
  drains: "/log-drains",
};

/**
 * Asks Heroku's API for an app; only reads.
 *
 * @throws UserError when it does not let us, or does not answer
 */
export async function readHerokuApp(name: string, token: string, api = HEROKU_API): Promise<HerokuApp> {
  const answers = Object.entries(ENDPOINTS).map(
    async ([key, path]) => [key, await ask(name, path, token, api)] as const,
  );
  return Object.fromEntries(await Promise.all(answers)) as unknown as HerokuApp;
}

async function ask(app: string, path: string, token: string, api: string): Promise<unknown> {
  const { host } = new URL(api);
  let response: Response;
  try {
    response = await fetch(`${api}/apps/${encodeURIComponent(app)}${path}`, {
      headers: {
        accept: "application/vnd.heroku+json; version=3",
        authorization: `Bearer ${token}`,
        range: "id ..; max=1000",
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new UserError(`${host} does not answer. Is there a network? Repeat the command.`);
  }
  if (response.ok) return response.json();
  const { message = "" } = (await response.json().catch(() => ({}))) as { message?: string };
  if (response.status === 401) throw new UserError(`${host} does not take the token: \`heroku login\` makes another.`);
  if (response.status === 404) throw new UserError(`${host} knows no app ${app}, or not for this account.`);
  throw new UserError(`${host} refused /apps/${app}${path} (${response.status}): ${message}`);
}
