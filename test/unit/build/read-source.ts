import assert from "node:assert/strict";
import { readSource, type Source, SourceError } from "../../../sources/index.ts";
import { type Content, sourceTree } from "./trees.ts";

/** What is read of a source tree of these files. */
export function read(files: Readonly<Record<string, Content>>): Source {
  using tree = sourceTree(files);
  return readSource(tree.path);
}

/** Why a source tree of these files is refused; empty: it is not. */
export function problemsOf(files: Readonly<Record<string, Content>>): readonly string[] {
  try {
    read(files);
  } catch (error) {
    assert.ok(error instanceof SourceError, `${error}`);
    return error.problems;
  }
  return [];
}
