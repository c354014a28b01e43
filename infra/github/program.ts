import * as pulumi from "@pulumi/pulumi";
import type { GitHubCredential } from "../../model/github/settings.ts";
import { DEFAULT_PLATFORM_STACK } from "../../model/stack/keys.ts";
import { connectPlatform } from "../platform/connection.ts";
import type { GitHubStack } from "../stack/stack-file.ts";
import { GitHubLink } from "./github-link.ts";

/** A link's stack; what it returns are its outputs, which the control plane reads. */
export async function gitHubLink(
  stack: string,
  { platform, ...settings }: GitHubStack,
  credential: GitHubCredential,
): Promise<Record<string, unknown>> {
  const link = new GitHubLink(stack, {
    ...settings,
    credential,
    platform: await connectPlatform(platform ?? DEFAULT_PLATFORM_STACK),
  });
  await link.found;
  const { repository, repositoryId, forge, baseUrl, cloneUrl, htmlUrl, defaultBranch, webhook, deployKey, apps } = link;
  return {
    repository,
    repositoryId,
    ...(forge !== "github" && { forge }),
    baseUrl,
    cloneUrl,
    htmlUrl,
    defaultBranch,
    private: link.private,
    ...(webhook && { webhook }),
    ...(deployKey && { deployKey }),
    credential: pulumi.secret(credential),
    apps,
  };
}
