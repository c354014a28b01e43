import type Docker from "dockerode";
import { hasImage } from "../lib/docker/images.ts";
import type { Engine } from "../services/stacks/engine.ts";
import type { Say } from "./steps.ts";

/** The platform's own containers, by the ends of their names. */
const PARTS = ["router", "postgres", "control-plane", "runner"];

const CONTAINER = "docker:index/container:Container";
const IMAGE = "docker:index/image:Image";

/**
 * Sees to parts of a platform that Docker no longer has, as after `docker system prune --all` while it was stopped: its
 * state still names them, so an `up` would find nothing to do. A refresh drops what is gone from the state; images that a
 * refresh does not look for (the real provider's) are to be made anew.
 *
 * @param stack the platform's
 * @returns what the next `up` has to be told
 */
export async function findLostParts(
  docker: Pick<Docker, "listContainers" | "getImage">,
  engine: Pick<Engine, "resources" | "refresh">,
  platform: { readonly name: string; readonly stack: string },
  say: Say,
): Promise<string[]> {
  const { name, stack } = platform;
  const label = [`dynoform.platform=${name}`];
  const there = await docker.listContainers({ all: true, filters: JSON.stringify({ label }) });
  const names = new Set(there.flatMap(({ Names }) => Names));
  const lost = PARTS.filter((part) => !names.has(`/${name}-${part}`));
  if (lost.length === 0) return [];
  const known = await engine.resources(stack);
  // One that was never brought up has lost nothing.
  if (!known.some(({ type }) => type === CONTAINER)) return [];
  say(`Docker has no longer: ${lost.map((part) => `${name}-${part}`).join(", ")}; reading again what is there`);
  await engine.refresh(stack);
  const images = (await engine.resources(stack)).filter(({ type }) => type === IMAGE);
  const gone = await Promise.all(
    images.map(async ({ urn, outputs }) => {
      const id = outputs?.repoDigest;
      return typeof id === "string" && !(await hasImage(docker, id)) ? [urn] : [];
    }),
  );
  return gone.flat().flatMap((urn) => ["--replace", urn]);
}
