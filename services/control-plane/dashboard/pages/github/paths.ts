import type { ApiGithubAccount } from "../../answers.ts";
import { appPath } from "../../frames.ts";

/** Where an app's Deploy tab shows one of the ways to deploy. */
export function deployPath(app: string, method: "git" | "github" = "github"): string {
  return `${appPath(app, "deploy")}?method=${method}`;
}

/** Where the account page shows the GitHub account. */
export const ACCOUNT = "/account#github";

/** @param app to which one comes back */
export function connectPath(app?: string): string {
  return app === undefined ? "/github/connect" : `/github/connect?${new URLSearchParams({ app })}`;
}

/** @param app of a form or a query; empty: none */
export function afterConnecting(app: string): string {
  return app === "" ? ACCOUNT : deployPath(app);
}

/** Where a visitor's App is given more repositories. */
export function installUrl({ app_url: url }: ApiGithubAccount): string | undefined {
  return url === null ? undefined : `${url}/installations/new`;
}
