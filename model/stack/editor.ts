import { readFile, realpath, stat } from "node:fs/promises";
import { type Document, isCollection, isMap, isNode } from "yaml";
import { UserError } from "../../lib/errors.ts";
import { writeFileAtomic } from "../../lib/files.ts";
import { isRecord } from "../../lib/validation/readers.ts";
import type { Scale } from "../app/formation.ts";
import type { Plain } from "../content.ts";
import { parseForEditing } from "./edited-yaml.ts";
import { takeFile } from "./file-turn.ts";
import { APP, CERTIFICATES, CONFIG } from "./keys.ts";

/** What an app is made of. */
export type AppSource =
  | { readonly path: string }
  | {
      readonly commit: string;
      /** The image that another app has made of it, by Docker's id. */
      readonly image?: string;
    };

/** The settings of an app whose values are secure, each apart from what is plain. */
export const SECURE = { config: CONFIG, certificates: CERTIFICATES } as const;

export type SecureKind = keyof typeof SECURE;

/**
 * An app's stack file while it is edited. Comments, order and styles stay; what is left alone is not written anew.
 * Nothing is on the disk before `editStackFile` writes the text.
 */
export class StackFileEditor {
  readonly #document: Document;
  readonly #indent: number;
  readonly #before: string;
  #changed = false;

  /** @param name of the file, for messages */
  constructor(text: string, name: string) {
    this.#before = text;
    // As the file has it.
    this.#indent = /^( +)\S/m.exec(text)?.[1]?.length ?? 2;
    this.#document = parseForEditing(text);
    const [error] = this.#document.errors;
    if (error !== undefined) throw new UserError(`${name} is no valid YAML: ${error.message.split("\n", 1)[0]}`);
    if (!isMap(this.#document.get("config", true))) throw new UserError(`${name} has no map \`config\`.`);
  }

  /** The file's text as it is by now. */
  get text(): string {
    return this.#changed ? this.#document.toString({ lineWidth: 0, indent: this.#indent }) : this.#before;
  }

  /** `dynoform:app` as it is by now. */
  get app(): Readonly<Record<string, unknown>> {
    return this.configured([APP]);
  }

  /** `dynoform:config` as it is by now: secure values are `{ secure: … }`. */
  get config(): Readonly<Record<string, unknown>> {
    return this.configured([SECURE.config]);
  }

  /** Sets what is given for a process type, and leaves the rest of it. */
  scale(type: string, to: Scale): void {
    const present = isRecord(this.app.formation) ? this.app.formation[type] : undefined;
    if (!isRecord(present)) this.set(["formation", type], { ...to });
    else
      for (const [key, value] of Object.entries(to)) if (value !== undefined) this.set(["formation", type, key], value);
  }

  /** @param source undefined: the app has none, and its welcome page is served */
  source(source: AppSource | undefined): void {
    if (source === undefined) this.remove(["source"]);
    else this.set(["source"], { ...source });
  }

  /** @param secure the value as Pulumi encrypted it (`v1:…`); undefined removes it */
  setSecure(kind: SecureKind, name: string, secure: string | undefined): void {
    const key = SECURE[kind];
    if (secure !== undefined) {
      this.#set([key, name], { secure });
      return;
    }
    this.#remove([key, name]);
    if (Object.keys(this.configured([key])).length === 0) this.#remove([key]);
  }

  /** @param path below `dynoform:app`, e.g. `["addons", "DATABASE", "plan"]` */
  set(path: readonly string[], value: Plain): void {
    this.#set([APP, ...path], value);
  }

  /** @param path below `dynoform:app`; what is not there is left so */
  remove(path: readonly string[]): void {
    this.#remove([APP, ...path]);
  }

  /** The map at a path below `config` as it is by now; empty where there is none. */
  configured(path: readonly string[]): Readonly<Record<string, unknown>> {
    let value: unknown = this.#document.toJS()?.config;
    for (const key of path) value = isRecord(value) ? value[key] : undefined;
    return isRecord(value) ? value : {};
  }

  /** @param path below `config`, e.g. `["dynoform:github", "apps", "shop"]` */
  setConfigured(path: readonly string[], value: Plain): void {
    this.#set(path, value);
  }

  /** @param path below `config`; what is not there is left so */
  removeConfigured(path: readonly string[]): void {
    this.#remove(path);
  }

  #set(path: readonly string[], value: unknown): void {
    for (let depth = 1; depth < path.length; depth++) {
      const way = ["config", ...path.slice(0, depth)];
      // An empty value (`dynoform:app:`) is the way it is written that there is nothing yet.
      if (!isCollection(this.#document.getIn(way, true))) this.#document.setIn(way, this.#document.createNode({}));
    }
    const present = this.#document.getIn(["config", ...path], true);
    const node = this.#document.createNode(value, { flow: true });
    if (isNode(present)) {
      const { comment, commentBefore, spaceBefore } = present;
      Object.assign(node, { comment, commentBefore, spaceBefore });
    }
    this.#document.setIn(["config", ...path], node);
    this.#changed = true;
  }

  #remove(path: readonly string[]): void {
    if (!this.#document.hasIn(["config", ...path])) return;
    this.#document.deleteIn(["config", ...path]);
    this.#changed = true;
  }
}

/** What an edit did to a stack file. */
export interface Edited {
  readonly before: string;
  readonly after: string;
}

interface StackFilePlace {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  readonly stack: string;
  readonly path: string;
  /**
   * Names the one service that edits, so that a new process of it knows that an earlier one has ended, though they
   * cannot see each other.
   */
  readonly editor?: string;
}

/**
 * Edits a stack file: one editor at a time, whole or not at all.
 *
 * @param edit gives the new text; what it throws leaves the file as it is
 * @param commit told both texts before the new one is written
 */
export async function editStackFile(
  place: StackFilePlace,
  edit: (text: string) => string | Promise<string>,
  commit: (edited: Edited) => void = () => {},
): Promise<Edited> {
  await using _turn = await takeFile(place.project, place.stack, place.editor);
  const before = await readFile(place.path, "utf8");
  const edited = { before, after: await edit(before) };
  commit(edited);
  if (edited.after !== before) {
    const path = await realpath(place.path);
    await writeFileAtomic(path, edited.after, { mode: (await stat(path)).mode & 0o777 });
  }
  return edited;
}
