import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { lookUp } from "./look-up.ts";
import type { Site, SiteArgs } from "./site.ts";

/** What GitHub tells the control plane of; the rest is asked for. */
const EVENTS = ["push", "pull_request", "status", "check_suite", "delete", "repository"];

/** A repository at GitHub, or at a GitHub Enterprise Server, by GitHub's own plugin. */
export function atGitHub({ name, repository, baseUrl, credential, parent }: SiteArgs): Site {
  const [owner = "", short = ""] = repository.split("/");
  const by =
    "token" in credential
      ? { token: pulumi.secret(credential.token) }
      : {
          appAuth: {
            id: credential.app.id,
            installationId: credential.app.installation,
            // The SDK makes a secret of the token alone.
            pemFile: pulumi.secret(credential.app.pem),
          },
        };
  // One for each owner, so never the default one.
  const provider = new github.Provider(
    `${name}-github`,
    { owner, baseUrl: `${baseUrl.replace(/\/+$/, "")}/`, ...by },
    { parent },
  );
  // GitHub takes no second one with the same address, or key.
  const options = { parent, provider, deleteBeforeReplace: true };
  return {
    lookUp: (apps) => lookUp({ repository, baseUrl, apps, provider }),
    webhook(found, { url, secret }) {
      const made = new github.RepositoryWebhook(
        `${name}-webhook`,
        {
          // As declared, not as it is called now: GitHub redirects, and a new name would make a new webhook.
          repository: found.apply(() => short),
          events: EVENTS,
          configuration: { url, contentType: "json", secret, insecureSsl: false },
          active: true,
        },
        options,
      );
      return made.id;
    },
    deployKey(found, title, key) {
      const args = { repository: found.apply(() => short), title, key, readOnly: true };
      new github.RepositoryDeployKey(`${name}-deploy-key`, args, options);
    },
  };
}
