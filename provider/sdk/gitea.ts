import * as pulumi from "@pulumi/pulumi";

/** Where a repository at a Gitea or Forgejo is, and as whom it is asked. */
interface GiteaRepositoryArgs {
  /** E.g. `https://git.example.com`. */
  readonly baseUrl: pulumi.Input<string>;
  readonly token: pulumi.Input<string>;
  /** `owner/name`. */
  readonly repository: pulumi.Input<string>;
}

export interface GiteaWebhookArgs extends GiteaRepositoryArgs {
  readonly url: pulumi.Input<string>;
  /** What deliveries are signed with. */
  readonly secret: pulumi.Input<string>;
  readonly events: pulumi.Input<readonly string[]>;
}

/** A webhook of a repository at a Gitea or Forgejo, with which GitHub's plugin cannot speak. Its id is the hook's number. */
export class GiteaWebhook extends pulumi.CustomResource {
  constructor(name: string, args: GiteaWebhookArgs, opts?: pulumi.CustomResourceOptions) {
    const inputs = { ...args, token: pulumi.secret(args.token), secret: pulumi.secret(args.secret) };
    const additionalSecretOutputs = ["token", "secret"];
    super("dyno:index:GiteaWebhook", name, inputs, pulumi.mergeOptions(opts, { additionalSecretOutputs }));
  }
}

export interface GiteaDeployKeyArgs extends GiteaRepositoryArgs {
  readonly title: pulumi.Input<string>;
  /** The public half, as SSH writes it. */
  readonly key: pulumi.Input<string>;
}

/** A key that may read a repository at a Gitea or Forgejo. Its id is the key's number. */
export class GiteaDeployKey extends pulumi.CustomResource {
  constructor(name: string, args: GiteaDeployKeyArgs, opts?: pulumi.CustomResourceOptions) {
    const inputs = { ...args, token: pulumi.secret(args.token) };
    super("dyno:index:GiteaDeployKey", name, inputs, pulumi.mergeOptions(opts, { additionalSecretOutputs: ["token"] }));
  }
}

interface LookUpGiteaArgs {
  readonly baseUrl: string;
  readonly token: string;
  readonly repository: string;
  readonly branches: readonly string[];
}

export interface LookUpGiteaResult {
  /** Empty: it is not there, or the token may not see it. */
  readonly name: string;
  readonly repoId: number;
  readonly defaultBranch: string;
  readonly private: boolean;
  readonly htmlUrl: string;
  readonly httpCloneUrl: string;
  /** Those of the branches that it lacks. */
  readonly missing: readonly string[];
}

/** A repository at a Gitea or Forgejo, in previews too. */
export function lookUpGitea(args: LookUpGiteaArgs, opts?: pulumi.InvokeOptions): Promise<LookUpGiteaResult> {
  return pulumi.runtime.invoke("dyno:index:lookUpGitea", { ...args }, opts);
}
