import * as github from "@pulumi/github";
import * as pulumi from "@pulumi/pulumi";
import { Problems } from "../../lib/validation/problems.ts";
import {
  DEFAULT_BASE_URL,
  type GitHubCredential,
  type GitHubLinkSettings,
  gitHubCredential,
  gitHubLinkSettings,
  type LinkedAppSettings,
} from "../../model/github/settings.ts";
import { dashboardUrl } from "../../model/platform/addresses.ts";
import { Password } from "../../provider/sdk/index.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { type KeyPair, keyPair } from "./deploy-key.ts";
import { lookUp } from "./look-up.ts";
import { isReachable } from "./reach.ts";

export interface GitHubLinkArgs extends GitHubLinkSettings {
  readonly credential: GitHubCredential;
  /** The one that serves the apps: its dashboard takes GitHub's deliveries. */
  readonly platform: Pick<PlatformConnection, "domain" | "webPort">;
}

/** A webhook, as the control plane must know it. */
export interface LinkWebhook {
  readonly id: pulumi.Output<string>;
  readonly url: string;
  /** What deliveries are signed with. */
  readonly secret: pulumi.Output<string>;
  /** What they were signed with before the last rotation. */
  readonly previousSecret: pulumi.Output<string> | undefined;
  /** What they will be signed with after the next: known before, so that no delivery is refused in between. */
  readonly nextSecret: pulumi.Output<string>;
}

/** What GitHub tells the control plane of; the rest is asked for. */
const EVENTS = ["push", "status", "check_suite", "delete", "repository"];

/**
 * A repository on GitHub that apps are deployed from. It checks that repository and branches are there and, where GitHub
 * can reach the platform, makes a webhook; the control plane does the rest.
 *
 * @example
 * new GitHubLink("hello.github", { platform, credential: { token }, repository: "octo/hello", apps: { hello: { branch: "main" } } });
 */
export class GitHubLink extends pulumi.ComponentResource {
  /** `owner/name`, as declared. */
  readonly repository: string;
  readonly repositoryId: pulumi.Output<number>;
  readonly baseUrl: string;
  readonly cloneUrl: pulumi.Output<string>;
  readonly htmlUrl: pulumi.Output<string>;
  readonly defaultBranch: pulumi.Output<string>;
  readonly private: pulumi.Output<boolean>;
  /** Undefined: pushes are learnt of by polling. */
  readonly webhook: LinkWebhook | undefined;
  /** Undefined: none is wanted. Its private key is a secret. */
  readonly deployKey: pulumi.Output<KeyPair> | undefined;
  readonly apps: Readonly<Record<string, LinkedAppSettings>>;
  /**
   * Resolves once repository and branches are found. Whoever awaits it gets the `UserError` as it is; otherwise
   * Pulumi says it of the first property that needed them.
   */
  readonly found: Promise<void>;

  /** @param name of the link's stack: deliveries come to `/hooks/github/<name>` of the dashboard */
  constructor(name: string, args: GitHubLinkArgs, opts?: pulumi.ComponentResourceOptions) {
    checkArgs(name, args);
    super("dynoform:index:GitHubLink", name, {}, opts);
    const { repository, credential, platform, mode = "auto" } = args;
    this.repository = repository;
    this.baseUrl = args.baseUrl ?? DEFAULT_BASE_URL;
    this.apps = args.apps ?? {};
    const provider = createProvider(name, { repository, baseUrl: this.baseUrl, credential }, this);
    const lookedUp = lookUp({ repository, baseUrl: this.baseUrl, apps: this.apps, provider });
    this.found = lookedUp.then(() => {});
    this.found.catch(() => {});
    const found = pulumi.output(lookedUp);
    this.repositoryId = found.repoId;
    this.cloneUrl = found.httpCloneUrl;
    this.htmlUrl = found.htmlUrl;
    this.defaultBranch = found.defaultBranch;
    this.private = found.private;

    const [, short = ""] = repository.split("/");
    // As declared, not as it is called now: GitHub redirects, and a new name would make a new webhook.
    const target = { repository: found.apply(() => short), parent: this, provider };
    const hooked = mode === "webhook" || (mode === "auto" && isReachable(platform.domain));
    const url = `${dashboardUrl(platform)}/hooks/github/${encodeURIComponent(name)}`;
    this.webhook = hooked ? createWebhook(name, { ...target, url, generation: args.secretGeneration ?? 1 }) : undefined;
    this.deployKey = args.deployKey === true ? createDeployKey(name, target) : undefined;
    this.registerOutputs({ repository, webhook: this.webhook });
  }
}

function checkArgs(name: string, { credential, platform, ...settings }: GitHubLinkArgs): void {
  const problems = new Problems();
  gitHubLinkSettings(settings, `GitHubLink ${name}:`, problems);
  gitHubCredential(credential, `GitHubLink ${name}: credential`, problems);
  problems.check();
}

/** One for each owner, so never the default one. */
function createProvider(
  name: string,
  { repository, baseUrl, credential }: Required<Pick<GitHubLinkArgs, "repository" | "baseUrl" | "credential">>,
  parent: pulumi.Resource,
): github.Provider {
  const [owner = ""] = repository.split("/");
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
  return new github.Provider(
    `${name}-github`,
    { owner, baseUrl: `${baseUrl.replace(/\/+$/, "")}/`, ...by },
    { parent },
  );
}

interface Target {
  readonly repository: pulumi.Output<string>;
  readonly parent: pulumi.Resource;
  readonly provider: github.Provider;
}

/** The secrets of the generations before and after stand beside that of now. */
function createWebhook(
  name: string,
  { repository, parent, provider, url, generation }: Target & { readonly url: string; readonly generation: number },
): LinkWebhook {
  const secretOf = (number: number) => pulumi.secret(new Password(`${name}-secret-${number}`, {}, { parent }).result);
  const previousSecret = generation > 1 ? secretOf(generation - 1) : undefined;
  const secret = secretOf(generation);
  const webhook = new github.RepositoryWebhook(
    `${name}-webhook`,
    {
      repository,
      events: EVENTS,
      configuration: { url, contentType: "json", secret, insecureSsl: false },
      active: true,
    },
    // GitHub takes no second one with the same address.
    { parent, provider, deleteBeforeReplace: true },
  );
  return { id: webhook.id, url, secret, previousSecret, nextSecret: secretOf(generation + 1) };
}

function createDeployKey(name: string, { repository, parent, provider }: Target): pulumi.Output<KeyPair> {
  const password = new Password(`${name}-deploy-key`, { length: 64 }, { parent });
  const pair = password.result.apply(keyPair);
  new github.RepositoryDeployKey(
    `${name}-deploy-key`,
    // The public half is for everybody to see.
    { repository, title: `dynoform ${name}`, key: pulumi.unsecret(pair.publicKey), readOnly: true },
    { parent, provider, deleteBeforeReplace: true },
  );
  return pulumi.all([pulumi.unsecret(pair.publicKey), pair.privateKey]).apply(([publicKey, privateKey]) => ({
    publicKey,
    privateKey,
  }));
}
