import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { packageRoot } from "../../../lib/package-root.ts";
import { SECURITY_HEADERS } from "./headers.ts";

/** The style sheet's parts, in this order: what comes later wins. */
const STYLES = [
  "base",
  "frame",
  "notices",
  "forms",
  "lists",
  "tables",
  "log",
  "plots",
  "progress",
  "pipelines",
  "narrow",
];

const TYPES = {
  "style.css": "text/css; charset=utf-8",
  "dashboard.js": "text/javascript; charset=utf-8",
  "favicon.svg": "image/svg+xml",
} as const;

type AssetName = keyof typeof TYPES;

interface Asset {
  readonly url: string;
  readonly type: string;
  readonly content: Buffer;
}

const FOLDER = join(packageRoot(), "services/control-plane/web/assets");
const PREFIX = "/assets/";
let known: ReadonlyMap<AssetName, Asset> | undefined;

function assets(): ReadonlyMap<AssetName, Asset> {
  known ??= new Map((Object.keys(TYPES) as AssetName[]).map((name) => [name, read(name)]));
  return known;
}

function read(name: AssetName): Asset {
  const files = name === "style.css" ? STYLES.map((part) => `styles/${part}.css`) : [name];
  const content = Buffer.concat(files.map((file) => readFileSync(join(FOLDER, file))));
  const version = createHash("sha256").update(content).digest("hex").slice(0, 12);
  return { url: `${PREFIX}${version}/${name}`, type: TYPES[name], content };
}

/** Where a file of ours is; another version of it is elsewhere, so that browsers may keep it for good. */
export function assetUrl(name: AssetName): string {
  return assets().get(name)?.url ?? "";
}

/** @returns false: it is no file of ours */
export function serveAsset(path: string, response: ServerResponse): boolean {
  if (!path.startsWith(PREFIX)) return false;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const asset = assets().get(name as AssetName);
  if (asset === undefined) return false;
  // Whoever asks for another version, from a page of before, gets this one, but is not to keep it.
  const cache = path === asset.url ? "public, max-age=31536000, immutable" : "no-store";
  response
    .writeHead(200, {
      ...SECURITY_HEADERS,
      "Content-Type": asset.type,
      "Content-Length": asset.content.length,
      "Cache-Control": cache,
    })
    .end(asset.content);
  return true;
}
