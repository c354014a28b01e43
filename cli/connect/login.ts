import { hostname } from "node:os";
import { UserError } from "../../lib/errors.ts";
import type { FarApi } from "./far-api.ts";

/**
 * Lets somebody log in by a browser, as `heroku login` does.
 *
 * @param show told where to log in
 * @returns a token of theirs
 */
export async function loginByBrowser(api: FarApi, show: (url: string) => void): Promise<string> {
  const asked = await api.ask("POST", "/auth", undefined, { description: `dynoform connect from ${hostname()}` });
  const { browser_url: page, cli_url: answer, token: secret } = asked;
  if (typeof page !== "string" || typeof answer !== "string" || typeof secret !== "string") {
    throw new UserError(`${api.origin.host} is no platform of Dynoform.`);
  }
  show(new URL(page, dashboardOf(api.origin)).href);
  const { access_token: token, error } = await api.ask("GET", answer, secret);
  if (typeof token !== "string") throw new UserError(typeof error === "string" ? error : "nobody logged in.");
  return token;
}

/** The dashboard of the platform whose API is reached at an address. */
function dashboardOf(api: URL): URL {
  const dashboard = new URL(api);
  dashboard.hostname = api.hostname.replace(/^api\./, "dashboard.");
  return dashboard;
}
