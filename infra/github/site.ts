import type * as pulumi from "@pulumi/pulumi";
import type { GitHubCredential, GitHubLinkSettings, LinkedAppSettings } from "../../model/github/settings.ts";

/** A repository that was looked up. */
export interface FoundRepository {
  readonly repoId: number;
  readonly httpCloneUrl: string;
  readonly htmlUrl: string;
  readonly defaultBranch: string;
  readonly private: boolean;
}

export interface SiteArgs extends Pick<GitHubLinkSettings, "repository"> {
  /** Of the link, which names of resources begin with. */
  readonly name: string;
  readonly baseUrl: string;
  readonly credential: GitHubCredential;
  readonly parent: pulumi.Resource;
}

/** A repository at one of the forges, as a link's stack declares what it makes there. */
export interface Site {
  /**
   * The repository, once it and every app's branch are there.
   *
   * @throws UserError with a line for each that is missing, or with why the forge cannot be asked
   */
  lookUp(apps: Readonly<Record<string, LinkedAppSettings>>): Promise<FoundRepository>;
  /**
   * @param found resolves once it is looked up: nothing is made in what is not there
   * @returns the webhook's id
   */
  webhook(
    found: pulumi.Output<FoundRepository>,
    hook: { readonly url: string; readonly secret: pulumi.Output<string> },
  ): pulumi.Output<string>;
  /** @param key the public half */
  deployKey(found: pulumi.Output<FoundRepository>, title: string, key: pulumi.Output<string>): void;
}
