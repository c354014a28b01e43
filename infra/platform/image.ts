import { join, relative } from "node:path";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { baseRecipe, recipe } from "../../images/recipe.ts";
import { packageRoot } from "../../lib/package-root.ts";
import { type Transform, transformed } from "../transform.ts";

/** Where the images' Dockerfiles stand in this package. */
const FOLDERS = { router: "services/router", postgres: "images/postgres", runner: "images/runner" };

/**
 * One of the platform's own images, built on the base image that setup made. Its tag ends in the recipe of its folder,
 * so that a new version of ours is a new image; containers take it by id.
 */
export function platformImage(
  name: string,
  args: { readonly platform: string; readonly what: keyof typeof FOLDERS },
  parent: pulumi.Resource,
  transform?: Transform<docker.ImageArgs>,
): docker.Image {
  const folder = join(packageRoot(), FOLDERS[args.what]);
  const base = baseRecipe();
  const image: docker.ImageArgs = {
    imageName: `${args.platform}/${args.what}:${recipe(folder, base)}`,
    build: {
      // Relative: nothing that differs by place may be an input.
      context: relative(process.cwd(), folder),
      args: { BASE: `${args.platform}/base:${base}` },
      platform: "linux/amd64",
    },
    skipPush: true,
  };
  return new docker.Image(name, ...transformed(transform, name, image, { parent }));
}
