import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { isRecord } from "../../lib/validation/readers.ts";

/** A stack file as it lies on the disk. */
export interface WrittenFile {
  /** Its name, for messages. */
  readonly name: string;
  readonly text: string;
}

/** The file of a stack in its usual place; undefined where it lies elsewhere, as with `--config-file`. */
export async function writtenFile(stack: string): Promise<WrittenFile | undefined> {
  const root = pulumi.getRootDirectory();
  if (root === "") return undefined;
  const project: unknown = parse((await textOf(join(root, "Pulumi.yaml"))) ?? "");
  const folder = isRecord(project) && typeof project.stackConfigDir === "string" ? project.stackConfigDir : ".";
  const path = join(root, folder, `Pulumi.${stack}.yaml`);
  const text = await textOf(path);
  return text === undefined ? undefined : { name: basename(path), text };
}

function textOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}
