import { createHash, type Hash } from "node:crypto";
import type { TreeEntry } from "./tree.ts";

/**
 * Who a snapshot's commit is by, and when: the same for all, so that a tree's commit follows from its files alone, is
 * known before anything is stored, and comes back when the files do.
 */
export const SNAPSHOT_AUTHOR = "Dynoform <dynoform@localhost> 0 +0000";
export const SNAPSHOT_MESSAGE = "The source of a release\n";

/** Git's modes of files. */
export const GIT_MODES = { file: "100644", executable: "100755", link: "120000", submodule: "160000" } as const;

interface Folder {
  readonly [name: string]: Folder | { readonly mode: string; readonly id: Buffer };
}

/** Computes the id of the commit that Git would make of a tree, from its entries in order, each followed by its content. */
export class SnapshotId {
  readonly #root: Record<string, unknown> = Object.create(null);
  #file: { readonly entry: TreeEntry; readonly hash: Hash } | undefined;

  begin(entry: TreeEntry): void {
    this.#endFile();
    const hash = createHash("sha1");
    const target = Buffer.from(entry.target ?? "");
    hash.update(`blob ${entry.kind === "link" ? target.length : entry.size}\0`).update(target);
    this.#file = { entry, hash };
  }

  content(bytes: Uint8Array): void {
    this.#file?.hash.update(bytes);
  }

  /** 40 hexadecimal digits. */
  end(): string {
    this.#endFile();
    const tree = treeId(this.#root as Folder).toString("hex");
    const text = `tree ${tree}\nauthor ${SNAPSHOT_AUTHOR}\ncommitter ${SNAPSHOT_AUTHOR}\n\n${SNAPSHOT_MESSAGE}`;
    return objectId("commit", Buffer.from(text)).toString("hex");
  }

  #endFile(): void {
    if (this.#file === undefined) return;
    const { entry, hash } = this.#file;
    const names = entry.path.split("/");
    const name = names.pop() ?? "";
    let folder = this.#root;
    for (const part of names) {
      folder[part] ??= Object.create(null);
      folder = folder[part] as Record<string, unknown>;
    }
    const id = entry.kind === "submodule" ? Buffer.from(entry.target ?? "", "hex") : hash.digest();
    folder[name] = { mode: GIT_MODES[entry.kind], id };
    this.#file = undefined;
  }
}

function treeId(folder: Folder): Buffer {
  const entries = Object.entries(folder).map(([name, entry]) => {
    const leaf = Buffer.isBuffer(entry.id);
    const { mode, id } = leaf
      ? (entry as { mode: string; id: Buffer })
      : { mode: "40000", id: treeId(entry as Folder) };
    // Git sorts by bytes, and a folder as if its name ended in a slash.
    return {
      order: Buffer.from(leaf ? name : `${name}/`),
      data: Buffer.concat([Buffer.from(`${mode} ${name}\0`), id]),
    };
  });
  entries.sort((a, b) => Buffer.compare(a.order, b.order));
  return objectId("tree", Buffer.concat(entries.map(({ data }) => data)));
}

function objectId(kind: string, content: Buffer): Buffer {
  return createHash("sha1").update(`${kind} ${content.length}\0`).update(content).digest();
}
