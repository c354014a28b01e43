import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type Docker from "dockerode";
import { sizesOf } from "../../../../services/control-plane/apps/sizes.ts";

/** Images as Docker has them: the app's on its packages' on the base image. */
const images: Readonly<Record<string, object>> = {
  app: { Size: 130, Parent: "packages", Config: { Labels: { "dynoform.key": "a" } } },
  packages: { Size: 120, Parent: "base", Config: { Labels: { "dynoform.key": "b" } } },
  base: { Size: 100, Parent: "", Config: { Labels: null } },
};

const docker = {
  getImage: (id: string) => ({
    inspect: async () => images[id] ?? Promise.reject(Object.assign(new Error("no such image"), { statusCode: 404 })),
  }),
} as unknown as Docker;

test("an app takes what is above the base image, and what was pushed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sizes-"));
  try {
    assert.deepEqual(await sizesOf(docker, directory, { id: "shop", image: "app" }), { slug: 30, repository: null });
    mkdirSync(join(directory, "git", "shop.git", "objects"), { recursive: true });
    writeFileSync(join(directory, "git", "shop.git", "HEAD"), "12345");
    writeFileSync(join(directory, "git", "shop.git", "objects", "pack"), "1234567");
    assert.deepEqual(await sizesOf(docker, directory, { id: "shop", image: undefined }), {
      slug: null,
      repository: 12,
    });
    assert.equal((await sizesOf(docker, directory, { id: "shop", image: "gone" })).slug, null);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
