import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Backend } from "../../engine/src/state/backend.ts";
import { openBackend } from "../../engine/src/state/open-backend.ts";
import { isMissing } from "../../lib/errors.ts";
import { findProject } from "../../model/stack/project.ts";

/** After a database did not answer it is not asked again for so long. */
const UNREACHABLE_MS = 60_000;

interface Place {
  readonly backend: Backend;
  readonly project: string;
}

/** Tells when a stack's state was written, where it lies in files or a database that can be reached from here. */
export class StateFiles {
  readonly #directory: string;
  #found: Promise<Place | undefined> | undefined;
  #silentUntil = 0;

  /** @param directory the folder of Pulumi.yaml */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Milliseconds since 1970; undefined: it cannot be told. */
  async written(stack: string): Promise<number | undefined> {
    // Asked again where it is: the states may have been moved.
    return (await this.#ask(stack, this.#found)) ?? this.#ask(stack, this.#find());
  }

  async #ask(stack: string, place: Promise<Place | undefined> | undefined): Promise<number | undefined> {
    this.#found = place;
    const found = await place;
    if (found === undefined || Date.now() < this.#silentUntil) return undefined;
    try {
      return (await found.backend.lastWritten({ project: found.project, stack }))?.getTime();
    } catch {
      this.#silentUntil = Date.now() + UNREACHABLE_MS;
      return undefined;
    }
  }

  async #find(): Promise<Place | undefined> {
    const backend = await backendOf(this.#directory, { patient: false });
    return backend && { backend, project: (await findProject(this.#directory)).name };
  }
}

/**
 * The states of a project, where it is told in which files or database they lie.
 *
 * @param directory the folder of Pulumi.yaml
 */
export async function backendOf(
  directory: string,
  options?: { readonly patient: boolean },
): Promise<Backend | undefined> {
  const url = await backendUrlOf(directory);
  return url !== undefined && /^(file|postgres):\/\//.test(url) ? openBackend(url, directory, options) : undefined;
}

/**
 * Where the `pulumi` command of a project finds the states, unless Pulumi.yaml or a login says it.
 *
 * @param directory the folder of Pulumi.yaml
 */
async function backendUrlOf(directory: string): Promise<string | undefined> {
  const { PULUMI_BACKEND_URL: url } = process.env;
  return url !== undefined && url !== "" ? url : (await readPulumiEnv(directory)).PULUMI_BACKEND_URL;
}

/** What `pulumi.env` says; nothing where there is none. */
export async function readPulumiEnv(directory: string): Promise<Readonly<Record<string, string | undefined>>> {
  const text = await readFile(join(directory, "pulumi.env"), "utf8").catch((error: unknown) => {
    if (isMissing(error)) return "";
    throw error;
  });
  return parseEnv(text);
}
