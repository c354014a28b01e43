import * as pulumi from "@pulumi/pulumi";
import type { Configs, LedgerEntry } from "../../model/app/ledger.ts";

export interface ReleaseArgs {
  /** The platform's name. */
  readonly platform: pulumi.Input<string>;
  /** The platform's runtime directory. */
  readonly directory: pulumi.Input<string>;
  readonly app: pulumi.Input<string>;
  /** What names the app's repository: it stays when the app is renamed. */
  readonly appId: pulumi.Input<string>;
  /** How many releases are kept, with their images and commits. */
  readonly keep: pulumi.Input<number>;
  /** Changes whenever what was built does; empty: the app has no source. So are the next three. */
  readonly slug: pulumi.Input<string>;
  /** Of the source tree, hex SHA-256. */
  readonly digest: pulumi.Input<string>;
  /** The source as a commit of the app's repository. */
  readonly commit: pulumi.Input<string>;
  /** The image by its id. */
  readonly image: pulumi.Input<string>;
  /** Whether the image was taken from another app. @default false */
  readonly promoted?: pulumi.Input<boolean>;
  /** The Procfile's process types to their commands. */
  readonly processes: pulumi.Input<Readonly<Record<string, string>>>;
  /** A keyed hash of the config vars. */
  readonly configHash: pulumi.Input<string>;
  /** The user's config vars, all of them secret. */
  readonly config: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
  /** By what add-ons are attached as: generations of credentials, or a text that changes with the database too. */
  readonly addons: pulumi.Input<Readonly<Record<string, number | string>>>;
  /** What of Heroku's labs the app has, sorted. @default none */
  readonly labs?: pulumi.Input<readonly string[]>;
}

/** An app's releases. Let it depend on everything that must run before a change counts as released. */
export class Release extends pulumi.CustomResource {
  /** The number of the current release. */
  declare readonly version: pulumi.Output<number>;
  /** The last releases, oldest first. */
  declare readonly ledger: pulumi.Output<readonly LedgerEntry[]>;
  /** Their config vars by `configHash`; a secret. */
  declare readonly configs: pulumi.Output<Configs>;

  constructor(name: string, args: ReleaseArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      "dyno:index:Release",
      name,
      { ...args, version: undefined, ledger: undefined, configs: undefined },
      pulumi.mergeOptions(opts, { additionalSecretOutputs: ["configs"] }),
    );
  }
}
