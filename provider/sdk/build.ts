import * as pulumi from "@pulumi/pulumi";
import type { Source } from "../../sources/index.ts";
import { installerRecipe } from "../build/package-manager.ts";
import { seesConfig } from "../build/steps.ts";
import { BUILDER } from "../build/version.ts";

/** What decides which image a build makes, as plain values: a build is named by them. */
interface BuildContent {
  /** Of the source tree, hex SHA-256. */
  readonly digest: string;
  /** The Python's id: a minor version of Debian's, or an exact one. */
  readonly python: string;
  /** The recipe of the Python image, or of that with the package manager. */
  readonly base: string;
  /** The version of what builds. */
  readonly builder: string;
  /** Stands for the config vars that pip sees, of which it tells nothing; empty: there are none. */
  readonly pip: string;
  /** The source's commit, where code of the app's own sees config vars, so that a push is a build; else empty. */
  readonly revision: string;
}

/**
 * What decides the image of a source tree; known at preview.
 *
 * @param pip stands for the config vars that pip sees
 * @param commit the source's
 */
export function buildContent(source: Source, pip = "", commit = ""): BuildContent {
  return {
    digest: source.digest,
    python: source.python.id,
    base: installerRecipe(source),
    builder: BUILDER,
    pip,
    revision: seesConfig(source.tree) ? commit : "",
  };
}

export interface BuildArgs extends BuildContent {
  /** The platform's name. */
  readonly platform: pulumi.Input<string>;
  readonly app: pulumi.Input<string>;
  /** The source's folder, relative to the folder of Pulumi.yaml, or absolute. */
  readonly directory: pulumi.Input<string>;
  /**
   * The app's bare repository, where the source is stored as a commit.
   * @default the source is not stored
   */
  readonly repository?: pulumi.Input<string>;
  /**
   * The platform's runtime directory, where build records go.
   * @default `$DYNOFORM_HOME/<platform>`
   */
  readonly runtime?: pulumi.Input<string>;
  /**
   * Docker's id of an image that another app has made of the same source, which is taken as it is. Only where it is gone
   * from the host is the source built.
   * @default the source is built
   */
  readonly promoted?: pulumi.Input<string>;
  /**
   * The source's commit, which hooks are told as SOURCE_VERSION.
   * @default ""
   */
  readonly commit?: pulumi.Input<string>;
  /**
   * Config vars and what add-ons set, for what runs in a build. Changing them alone builds nothing.
   * @default none
   */
  readonly environment?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
}

/** An app's image. Never updated: give it a name with a hash of {@link buildContent} in it. */
export class Build extends pulumi.CustomResource {
  /** Docker's id of the image: `sha256:…`. */
  declare readonly image: pulumi.Output<string>;
  /** The id of the build's record, a folder in `builds` of the runtime directory. */
  declare readonly record: pulumi.Output<string>;

  constructor(name: string, args: BuildArgs, opts?: pulumi.CustomResourceOptions) {
    const { platform, app, directory, digest, python, base, builder, pip, revision } = args;
    const { runtime = "", repository = "", commit = "", promoted = "", environment = {} } = args;
    const inputs = { platform, app, directory, digest, python, base, builder, pip, revision };
    super(
      "dyno:index:Build",
      name,
      { ...inputs, runtime, repository, commit, promoted, environment, image: undefined, record: undefined },
      // The same files may lie elsewhere: a release that is gone back to is built of its commit. And what a build is told
      // besides is no part of what it makes: it is made once. An image that is taken stands in the name, and how it would
      // be built by now makes no other one of it.
      pulumi.mergeOptions(opts, {
        ignoreChanges: [
          ...["directory", "commit", "environment", "promoted"],
          ...(promoted === "" ? [] : ["python", "base", "builder", "pip", "revision"]),
        ],
      }),
    );
  }
}
