/**
 * An image with the pages in it, and a container that serves them.
 *
 * Configuration: `port` (8080), and `base`, an image with busybox (busybox:1.37).
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

const config = new pulumi.Config();
const port = config.getNumber("port") ?? 8080;
const base = config.get("base") ?? "busybox:1.37";
const site = `static-site-${pulumi.getStack()}`;

/** Other pages are another image, and so another container. */
function version(): string {
  const hash = createHash("sha256").update(base);
  const files = readdirSync("site", { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((file) => join(file.parentPath, file.name)).sort()) {
    hash.update(`\0${path}\0`).update(readFileSync(path));
  }
  return hash.digest("hex").slice(0, 12);
}

const image = new docker.Image("pages", {
  imageName: `${site}:${version()}`,
  build: { context: "site", dockerfile: "site/Dockerfile", platform: "linux/amd64", args: { BASE: base } },
  skipPush: true,
});

new docker.Container(
  "server",
  {
    name: site,
    image: image.imageName,
    ports: [{ internal: 8080, external: port, ip: "127.0.0.1" }],
    // The update ends when the pages are served, or fails.
    healthcheck: {
      tests: ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/"],
      interval: "1s",
      retries: 30,
    },
    wait: true,
    // A web server that is process 1 would not end when it is told to.
    init: true,
    restart: "unless-stopped",
  },
  // Name and port can be had once.
  { deleteBeforeReplace: true },
);

export const url = `http://127.0.0.1:${port}/`;
