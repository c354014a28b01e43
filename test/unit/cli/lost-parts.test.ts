import assert from "node:assert/strict";
import { test } from "node:test";
import type Docker from "dockerode";
import { findLostParts } from "../../../cli/lost-parts.ts";
import type { StateResource } from "../../../services/stacks/engine.ts";

const ALL = ["router", "postgres", "control-plane", "runner"];
const CONTAINER = { type: "docker:index/container:Container", urn: "urn:router" };
const IMAGE = { type: "docker:index/image:Image", urn: "urn:image", outputs: { repoDigest: "sha256:1" } };

/** What is asked of a Docker with these containers and images, and of an engine whose state has these resources. */
async function find(parts: readonly string[], images: readonly string[], state: readonly StateResource[]) {
  const done: string[] = [];
  const docker = {
    listContainers: async () => parts.map((part) => ({ Names: [`/pf-${part}`] })),
    getImage: (id: string) => ({
      inspect: async () => {
        if (!images.includes(id)) throw Object.assign(new Error("no such image"), { statusCode: 404 });
      },
    }),
  } as unknown as Docker;
  const engine = {
    resources: async () => [...state],
    async refresh(stack: string) {
      done.push(`refresh ${stack}`);
      return { changes: {}, steps: [], outputs: {}, warnings: [] };
    },
  };
  const args = await findLostParts(docker, engine, { name: "pf", stack: "platform" }, (line) => void done.push(line));
  return { args, done };
}

test("a platform that is there, or never was, is left alone", async () => {
  assert.deepEqual(await find(ALL, [], [CONTAINER, IMAGE]), { args: [], done: [] });
  assert.deepEqual(await find([], [], []), { args: [], done: [] });
});

test("what is gone is read again, and images that are gone are made anew", async () => {
  const said = "Docker has no longer: pf-control-plane, pf-runner; reading again what is there";
  const parts = ["router", "postgres"];
  assert.deepEqual(await find(parts, ["sha256:1"], [CONTAINER, IMAGE]), { args: [], done: [said, "refresh platform"] });
  assert.deepEqual((await find(parts, [], [CONTAINER, IMAGE])).args, ["--replace", "urn:image"]);
});
