import * as pulumi from "@pulumi/pulumi";
import { Problems } from "../../lib/validation/problems.ts";
import {
  checkLink,
  DEFAULT_BASE_URL,
  type ForgeKind,
  type GitHubCredential,
  type GitHubLinkSettings,
  gitHubCredential,
  gitHubLinkSettings,
  type LinkedAppSettings,
} from "../../model/github/settings.ts";
import { dashboardUrl } from "../../model/platform/addresses.ts";
import { Password } from "../../provider/sdk/index.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { atGitea } from "./at-gitea.ts";
import { atGitHub } from "./at-github.ts";
import { type KeyPair, keyPair } from "./deploy-key.ts";
import { isReachable } from "./reach.ts";

export interface GitHubLinkArgs extends GitHubLinkSettings {
  readonly credential: GitHubCredential;
  /** The one that serves the apps: its dashboard takes GitHub's deliveries. */
  readonly platform: Pick<PlatformConnection, "domain" | "webPort" | "webhooks">;
}

/** A webhook, as the control plane must know it. */
export interface LinkWebhook {
  readonly id: pulumi.Output<string>;
  /** Ends in the generation of its secret, so that whoever takes a delivery knows by which one it is signed. */
  readonly url: string;
  readonly generation: number;
  /** What deliveries are signed with. */
  readonly secret: pulumi.Output<string>;
  /** What they were signed with before the last rotation. */
  readonly previousSecret: pulumi.Output<string> | undefined;
  /** What they will be signed with after the next: known before, so that no delivery is refused in between. */
  readonly nextSecret: pulumi.Output<string>;
}

/**
 * A repository on GitHub, or on a Gitea or Forgejo, that apps are deployed from. It checks that repository and branches
 * are there and, where the forge can reach the platform, makes a webhook; the control plane does the rest.
 *
 * @example
 * new GitHubLink("hello.github", { platform, credential: { token }, repository: "octo/hello", apps: { hello: { branch: "main" } } });
 */
export class GitHubLink extends pulumi.ComponentResource {
  /** `owner/name`, as declared. */
  readonly repository: string;
  readonly repositoryId: pulumi.Output<number>;
  readonly forge: ForgeKind;
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
    const { repository, credential, platform, mode = "auto", forge = "github" } = args;
    this.repository = repository;
    this.forge = forge;
    this.baseUrl = args.baseUrl ?? DEFAULT_BASE_URL;
    this.apps = args.apps ?? {};
    const at = forge === "gitea" ? atGitea : atGitHub;
    const site = at({ name, repository, baseUrl: this.baseUrl, credential, parent: this });
    const lookedUp = site.lookUp(this.apps);
    this.found = lookedUp.then(() => {});
    this.found.catch(() => {});
    const found = pulumi.output(lookedUp);
    this.repositoryId = found.repoId;
    this.cloneUrl = found.httpCloneUrl;
    this.htmlUrl = found.htmlUrl;
    this.defaultBranch = found.defaultBranch;
    this.private = found.private;

    const reachable = platform.webhooks !== undefined || isReachable(platform.domain);
    const hooked = mode === "webhook" || (mode === "auto" && reachable);
    const place = `${platform.webhooks ?? dashboardUrl(platform)}/hooks/github/${encodeURIComponent(name)}`;
    const generation = args.secretGeneration ?? 1;
    this.webhook = hooked
      ? createWebhook(name, this, { place, generation }, (hook) => site.webhook(found, hook))
      : undefined;
    this.deployKey =
      args.deployKey === true
        ? createDeployKey(name, this, (key) => site.deployKey(found, `dynoform ${name}`, key))
        : undefined;
    this.registerOutputs({ repository, webhook: this.webhook });
  }
}

function checkArgs(name: string, { credential, platform, ...settings }: GitHubLinkArgs): void {
  const problems = new Problems();
  const [at, auth] = [`GitHubLink ${name}:`, `GitHubLink ${name}: credential`];
  const read = gitHubLinkSettings(settings, at, problems);
  const by = gitHubCredential(credential, auth, problems);
  if (read !== undefined) checkLink(read, by, { at, auth }, problems);
  problems.check();
}

/** The secrets of the generations before and after stand beside that of now. */
function createWebhook(
  name: string,
  parent: pulumi.Resource,
  { place, generation }: { readonly place: string; readonly generation: number },
  make: (hook: { readonly url: string; readonly secret: pulumi.Output<string> }) => pulumi.Output<string>,
): LinkWebhook {
  const url = `${place}?generation=${generation}`;
  const secretOf = (number: number) => pulumi.secret(new Password(`${name}-secret-${number}`, {}, { parent }).result);
  const previousSecret = generation > 1 ? secretOf(generation - 1) : undefined;
  const secret = secretOf(generation);
  return { id: make({ url, secret }), url, generation, secret, previousSecret, nextSecret: secretOf(generation + 1) };
}

/** @param make gets the public half, which is for everybody to see */
function createDeployKey(
  name: string,
  parent: pulumi.Resource,
  make: (key: pulumi.Output<string>) => void,
): pulumi.Output<KeyPair> {
  const password = new Password(`${name}-deploy-key`, { length: 64 }, { parent });
  const pair = password.result.apply(keyPair);
  make(pulumi.unsecret(pair.publicKey));
  return pulumi.all([pulumi.unsecret(pair.publicKey), pair.privateKey]).apply(([publicKey, privateKey]) => ({
    publicKey,
    privateKey,
  }));
}
