/** Hashes of assets and archives, by which it is told whether their contents have changed. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { BLOCK_BYTES, tarHeader, tarPadding } from "./tar-header.ts";
import { Archive, Asset, isMap, Output, type PropertyMap, type PropertyValue, Secret } from "./values.ts";

/**
 * The properties, each asset and archive with the hash of its contents, as Pulumi has it.
 *
 * @param folder which relative paths begin in
 * @throws Error with one line that names what cannot be read
 */
export async function hashAssets(properties: PropertyMap, folder: string): Promise<PropertyMap> {
  if (!Object.values(properties).some(hasAssets)) return properties;
  const entries = Object.entries(properties).map(async ([key, value]) => [key, await hashed(value, folder)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function hasAssets(value: PropertyValue): boolean {
  if (value instanceof Asset || value instanceof Archive) return true;
  if (value instanceof Secret || value instanceof Output) return hasAssets(value.value);
  if (Array.isArray(value)) return value.some(hasAssets);
  return isMap(value) && Object.values(value).some(hasAssets);
}

async function hashed(value: PropertyValue, folder: string): Promise<PropertyValue> {
  if (value instanceof Secret) return new Secret(await hashed(value.value, folder));
  if (value instanceof Output) {
    return new Output(await hashed(value.value, folder), value.secret, value.dependencies);
  }
  if (value instanceof Asset) return value.hash ? value : new Asset(value.source, await hashOfAsset(value, folder));
  if (value instanceof Archive) {
    return value.hash ? value : new Archive(value.source, await hashOfArchive(value, folder));
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => hashed(item, folder)));
  return isMap(value) ? hashAssets(value, folder) : value;
}

async function hashOfAsset({ source }: Asset, folder: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of contentOf(source, folder)) hash.update(chunk);
  return hash.digest("hex");
}

/** The hash of an archive's own bytes, where it is a file, else of a tar of what is in it. */
async function hashOfArchive({ source }: Archive, folder: string): Promise<string> {
  const hash = createHash("sha256");
  if ("uri" in source || ("path" in source && isArchiveFile(source.path))) {
    for await (const chunk of contentOf(source, folder)) hash.update(chunk);
    return hash.digest("hex");
  }
  const seen = new Set<string>();
  for await (const [name, content] of filesOf(source, folder)) {
    if (seen.has(name)) continue;
    seen.add(name);
    await addFile(hash, name, content, folder);
  }
  return hash.update(Buffer.alloc(2 * BLOCK_BYTES)).digest("hex");
}

async function addFile(hash: Hash, name: string, source: Asset["source"], folder: string): Promise<void> {
  const inMemory = "path" in source ? undefined : await buffered(contentOf(source, folder));
  const size = "path" in source ? (await stat(path.resolve(folder, source.path))).size : (inMemory?.length ?? 0);
  hash.update(tarHeader(name, size));
  let bytes = 0;
  for await (const chunk of inMemory ? [inMemory] : contentOf(source, folder)) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  if (bytes !== size) throw new Error(`${name} of an archive changes while it is read; try again when it is complete`);
  hash.update(tarPadding(size));
}

async function buffered(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks));
}

/**
 * An archive's files by name, in the order of their names. A tar or zip among them counts as one file, where Pulumi
 * takes it apart: such an archive has another hash there, and is uploaded once more when the engine changes.
 */
async function* filesOf(source: Archive["source"], folder: string): AsyncGenerator<[string, Asset["source"]]> {
  if ("assets" in source) {
    for (const name of Object.keys(source.assets).sort(byBytes)) {
      const member = source.assets[name] as Asset | Archive;
      if (member instanceof Asset) yield [name, member.source];
      else for await (const [below, file] of filesOf(member.source, folder)) yield [path.posix.join(name, below), file];
    }
  } else if ("uri" in source || isArchiveFile(source.path)) {
    yield ["", source];
  } else {
    const root = path.resolve(folder, source.path);
    const found = await stat(root).catch((error: Error) => {
      throw new Error(`cannot read the archive ${source.path}: ${error.message}`);
    });
    if (!found.isDirectory()) throw new Error(`the archive ${source.path} is neither a folder nor a tar or zip file`);
    for await (const file of walk(root)) yield [path.relative(root, file), { path: file }];
  }
}

/** All files below a folder; links to folders and Pulumi's own folder are left out. */
async function* walk(folder: string): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((left, right) => byBytes(left.name, right.name))) {
    const file = path.join(folder, entry.name);
    if (entry.name === ".pulumi") continue;
    if (entry.isDirectory()) yield* walk(file);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await stat(file)).isFile())) yield file;
  }
}

async function* contentOf(source: Asset["source"], folder: string): AsyncGenerator<Buffer> {
  if ("text" in source) yield Buffer.from(source.text);
  else if ("path" in source) yield* readAsset(path.resolve(folder, source.path), source.path);
  else if (source.uri.startsWith("file:")) yield* readAsset(fileURLToPath(source.uri), source.uri);
  else yield await download(source.uri);
}

async function* readAsset(file: string, name: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file);
  } catch (error) {
    throw new Error(`cannot read the asset ${name}: ${(error as Error).message}`);
  }
}

async function download(uri: string): Promise<Buffer> {
  const response = await fetch(uri).catch((error: Error) => {
    throw new Error(`cannot read the asset ${uri}: ${String(error.cause ?? error.message)}`);
  });
  if (!response.ok) throw new Error(`cannot read the asset ${uri}: the answer was ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

function isArchiveFile(name: string): boolean {
  return /\.(tar|tgz|tar\.gz|zip|jar)$/.test(name);
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
