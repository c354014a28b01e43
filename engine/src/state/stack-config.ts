/**
 * A stack file, `Pulumi.<stack>.yaml`. It belongs to people: edits go through its document, so that comments,
 * order and styles stay, and are written in one piece.
 */
import { realpath, rename, rm, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { type Document, isCollection, isMap, isSeq, type YAMLMap } from "yaml";
import { formatPath, type PropertyPath } from "../values/paths.ts";
import { type ConfigMap, cipherOf, fullKey, type RawConfigValue } from "./config-values.ts";
import { parseForEditing } from "./edited-yaml.ts";
import { UserError } from "./errors.ts";
import { isMissing, readFileIfAny, writeFileAtomic } from "./files.ts";
import type { Project } from "./project.ts";

/** Where a stack's settings lie. */
export function stackConfigPath(project: Project, stack: string): string {
  return join(project.stackConfigDir, `Pulumi.${stack}${extname(project.file)}`);
}

export class StackConfig {
  readonly path: string;
  readonly #project: string;
  readonly #document: Document;
  readonly #indent: number;

  private constructor(path: string, project: string, text: string | undefined) {
    this.path = path;
    this.#project = project;
    this.#indent = /^( +)\S/m.exec(text ?? "")?.[1]?.length ?? 2;
    this.#document = parseForEditing(text ?? "");
    const [error] = this.#document.errors;
    if (error !== undefined) throw new UserError(`${path}: ${error.message.split("\n")[0]?.replace(/:$/, "")}`);
    if (this.#document.contents !== null && !isMap(this.#document.contents)) {
      throw new UserError(`${path}: a stack file is a map with the key 'config'`);
    }
  }

  /** A file that does not exist counts as empty. @param project the namespace of keys without one */
  static async load(path: string, project: string): Promise<StackConfig> {
    return new StackConfig(path, project, await readFileIfAny(path));
  }

  get salt(): string | undefined {
    const salt = this.#document.get("encryptionsalt");
    return typeof salt === "string" && salt !== "" ? salt : undefined;
  }

  set salt(salt: string) {
    this.#document.set("encryptionsalt", salt);
    const contents = this.#document.contents as YAMLMap;
    // Pulumi writes it first; a comment at the head of the file stays there.
    const pair = contents.items.pop();
    if (pair !== undefined) contents.items.unshift(pair);
  }

  /** The stack's values by full key. @throws UserError for what only the real CLI can do */
  get config(): ConfigMap {
    const file = (this.#document.toJS() ?? {}) as {
      config?: unknown;
      environment?: unknown;
      secretsprovider?: unknown;
    };
    if (file.environment !== undefined) {
      throw new UserError(
        `${this.path}: 'environment' (Pulumi ESC) is not supported by the embedded engine; install the real CLI`,
      );
    }
    if (file.secretsprovider !== undefined && file.secretsprovider !== "passphrase") {
      throw new UserError(`${this.path}: the embedded engine knows only the secrets provider 'passphrase'`);
    }
    if (file.config === undefined || file.config === null) return {};
    if (typeof file.config !== "object" || Array.isArray(file.config))
      throw new UserError(`${this.path}: 'config' must be a map`);
    return Object.fromEntries(Object.entries(file.config).map(([key, value]) => [fullKey(key, this.#project), value]));
  }

  /** The value at a path; undefined when there is none. */
  get(path: PropertyPath): RawConfigValue {
    let value: unknown = this.config;
    for (const part of path) {
      if (typeof value !== "object" || value === null || cipherOf(value) !== undefined) return undefined;
      value = (value as Record<string | number, unknown>)[part];
    }
    return value;
  }

  /** @param path the full key, then the way into its value @throws UserError when the way is blocked */
  set(path: PropertyPath, value: RawConfigValue): void {
    const [key] = path;
    if (path.length > 1 && path.at(-1) === "secure" && typeof value === "string" && !this.#hasNode(path.slice(0, -1))) {
      throw new UserError(`${formatPath(path)}: "secure" key in maps of length 1 are reserved`);
    }
    if (!isMap(this.#document.get("config", true))) this.#document.set("config", this.#document.createNode({}));
    if (path.length > 1 && !isCollection(this.#node([key as string]))) this.#document.deleteIn(["config", key]);
    this.#checkWay(path);
    this.#document.setIn(["config", ...path], this.#document.createNode(value));
  }

  remove(path: PropertyPath): void {
    if (this.#hasNode(path)) this.#document.deleteIn(["config", ...path]);
    const config = this.#document.get("config", true);
    if (isMap(config) && config.items.length === 0) this.#document.delete("config");
  }

  /** Replaces all values. */
  replaceAll(config: ConfigMap): void {
    this.#document.delete("config");
    if (Object.keys(config).length > 0) this.#document.set("config", this.#document.createNode(config));
  }

  async save(): Promise<void> {
    const { path, mode } = await existing(this.path);
    await writeFileAtomic(path, this.#text(), { mode });
  }

  #text(): string {
    if (extname(this.path) === ".json") return `${JSON.stringify(this.#document.toJS() ?? {}, null, 4)}\n`;
    if (this.#document.contents === null) return "";
    return this.#document.toString({ lineWidth: 0, indent: this.#indent });
  }

  #node(path: PropertyPath): unknown {
    return this.#document.getIn(["config", ...path], true);
  }

  #hasNode(path: PropertyPath): boolean {
    return this.#document.hasIn(["config", ...path]);
  }

  #checkWay(path: PropertyPath): void {
    for (let depth = 1; depth < path.length; depth++) {
      const node = this.#node(path.slice(0, depth));
      const next = path[depth];
      const place = formatPath(path.slice(0, depth));
      if (node === undefined) {
        this.#checkNew(path, depth);
        return;
      }
      if (isSeq(node)) {
        if (typeof next !== "number") throw new UserError(`${place}: key for an array must be an int`);
        if (next > node.items.length) throw new UserError(`${place}[${next}]: array index out of range`);
      } else if (isMap(node)) {
        if (typeof next !== "string") throw new UserError(`${place}: key for a map must be a string`);
      } else {
        throw new UserError(`${place}: expected ${typeof next === "number" ? "an array" : "a map"}`);
      }
    }
  }

  /** A new list begins at 0. */
  #checkNew(path: PropertyPath, from: number): void {
    for (let depth = from; depth < path.length; depth++) {
      const part = path[depth];
      if (typeof part === "number" && part > 0) {
        throw new UserError(`${formatPath(path.slice(0, depth + 1))}: array index out of range`);
      }
    }
  }
}

/** Removes a stack's settings. */
export async function removeStackConfig(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Gives a stack's settings another name. */
export async function moveStackConfig(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** Where a file really lies and what its permissions are, so that replacing it changes neither. */
async function existing(path: string): Promise<{ path: string; mode: number }> {
  try {
    const target = await realpath(path);
    return { path: target, mode: (await stat(target)).mode & 0o777 };
  } catch (error) {
    if (isMissing(error)) return { path, mode: 0o644 };
    throw error;
  }
}
