import type { Provider } from "../../src/plugin/contract.ts";
import { defineBridgedProvider } from "../bridge/index.ts";
import { connect } from "./client.ts";
import { configuration } from "./configuration.ts";
import { deployKey } from "./deploy-key.ts";
import { functions } from "./functions.ts";
import { webhook } from "./webhook.ts";

/**
 * The npm package @pulumi/github without its plugin, by GitHub's REST API: webhooks and deploy keys of repositories, and
 * looking up repositories and branches, with the real plugin's inputs, defaults and states. Where that plugin waits for
 * as long as GitHub says, this one waits for a minute and then says until when; and it takes no token from the command `gh`.
 */
export function createProvider(): Provider {
  return defineBridgedProvider({
    name: "github",
    version: "6.15.0",
    config: configuration,
    resources: {
      "github:index/repositoryWebhook:RepositoryWebhook": webhook,
      "github:index/repositoryDeployKey:RepositoryDeployKey": deployKey,
    },
    functions,
    connect,
  });
}
