import { UserError } from "../../lib/errors.ts";
import { GiteaDeployKey, GiteaWebhook, type LookUpGiteaResult, lookUpGitea } from "../../provider/sdk/index.ts";
import type { Site, SiteArgs } from "./site.ts";

/** What a Gitea tells the control plane of. Its Actions report as commit statuses. */
const EVENTS = ["push", "pull_request", "status", "delete", "repository"];

/**
 * A repository at a Gitea or Forgejo, by resources of our own: GitHub's plugin cannot make a webhook there, since that
 * wants a type.
 */
export function atGitea({ name, repository, baseUrl, credential, parent }: SiteArgs): Site {
  // Arguments are checked before: a Gitea has no Apps.
  const token = "token" in credential ? credential.token : "";
  const place = { baseUrl, token };
  return {
    async lookUp(apps) {
      const branches = [...new Set(Object.values(apps).map(({ branch }) => branch))];
      const found = await lookUpGitea({ ...place, repository, branches }, { parent }).catch((error: unknown) =>
        refuse(error, baseUrl, repository),
      );
      if (found.name === "") {
        throw new UserError([
          `the repository ${repository} is not at ${baseUrl}, or the token may not see it; check its name, and what the token may do`,
        ]);
      }
      const missing = Object.entries(apps).filter(([, { branch }]) => found.missing.includes(branch));
      if (missing.length === 0) return found;
      throw new UserError(
        missing.map(
          ([app, { branch }]) => `the branch ${branch} of app ${app} is not in ${repository}; push it, or name another`,
        ),
      );
    },
    webhook: (found, { url, secret }) =>
      new GiteaWebhook(
        `${name}-webhook`,
        { ...place, repository: found.apply(() => repository), url, secret, events: EVENTS },
        { parent },
      ).id,
    deployKey(found, title, key) {
      const args = { ...place, repository: found.apply(() => repository), title, key };
      new GiteaDeployKey(`${name}-deploy-key`, args, { parent });
    },
  };
}

/** @throws UserError with one line */
function refuse(error: unknown, baseUrl: string, repository: string): Promise<LookUpGiteaResult> {
  const said = error instanceof Error ? error.message : String(error);
  if (/: 401 /.test(said)) {
    throw new UserError([
      `${baseUrl} does not take the token (401): it is revoked or wrong; set a new one in dynoform:github-auth`,
    ]);
  }
  const [reason = ""] = (said.split("lookUpGitea returned an error: ").at(-1) ?? said).trim().split("\n");
  throw new UserError([`${repository} cannot be looked up: ${reason}`]);
}
