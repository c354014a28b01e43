import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { FileBackend } from "../../engine/src/state/file-backend.ts";
import { isMissing } from "../../lib/errors.ts";
import { findProject } from "../../model/stack/project.ts";

/** Tells when a stack's state was written, where it lies in files that can be seen from here. */
export class StateFiles {
  readonly #directory: string;
  #found: Promise<{ readonly backend: FileBackend; readonly project: string } | undefined> | undefined;

  /** @param directory the folder of Pulumi.yaml */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Milliseconds since 1970; undefined: it cannot be told. */
  async written(stack: string): Promise<number | undefined> {
    this.#found ??= this.#find();
    const found = await this.#found;
    return (await found?.backend.lastWritten({ project: found.project, stack }))?.getTime();
  }

  async #find() {
    const url = await backendUrl(this.#directory);
    if (!url?.startsWith("file://")) return undefined;
    const { name } = await findProject(this.#directory);
    return { backend: new FileBackend(url, this.#directory), project: name };
  }
}

/** The backend's address, as the `pulumi` command finds it; undefined: nothing says it. */
export async function backendUrl(directory: string): Promise<string | undefined> {
  const { PULUMI_BACKEND_URL: url } = process.env;
  if (url !== undefined && url !== "") return url;
  const text = await readFile(join(directory, "pulumi.env"), "utf8").catch((error: unknown) => {
    if (isMissing(error)) return "";
    throw error;
  });
  return parseEnv(text).PULUMI_BACKEND_URL;
}
