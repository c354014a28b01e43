import { readFile } from "node:fs/promises";
import { isMissing } from "../../lib/errors.ts";
import { writeFileAtomic } from "../../lib/files.ts";
import type { Outcome } from "../stacks/engine.ts";
import type { PulumiReason } from "../stacks/reasons.ts";

/**
 * `create`: makes the stack whose file lies there, and brings it up. `destroy`: removes the stack too; its file stays.
 * The previews change nothing; that of a creation has a stack for as long as it takes.
 */
export type RunVerb = "up" | "create" | "destroy" | "preview-up" | "preview-create" | "preview-destroy";

/** An app of which nothing is to be left once its stack is destroyed. */
export interface LeavingApp {
  readonly app: string;
  readonly platform: string;
  /** The platform's folder. */
  readonly directory: string;
}

/** What whoever starts a run writes into its folder: `<directory>/control/runs/<id>/request.json`. */
export interface RunRequest {
  readonly id: string;
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  readonly stack: string;
  readonly verb: RunVerb;
  /** For the `pulumi` command, besides what the verb needs. */
  readonly args: readonly string[];
  /** Whether web dynos are taken whatever they answer. */
  readonly force?: boolean;
  /** For previews: the file that stands for the stack's own. */
  readonly settings?: string;
  /** For `destroy`. */
  readonly leaving?: LeavingApp;
  /** Of a link: whether it counts as done though the forge did not do its part, of which a warning tells. */
  readonly withoutForge?: boolean;
  /** Who did it and why, for the release that it may make. */
  readonly user: string;
  readonly description: string;
  /** Milliseconds since 1970. */
  readonly requestedAt: number;
}

/**
 * What a run leaves in `record.json`. `abandoned`: its process ended without a result; that is written by whoever
 * noticed. `reason`: why Pulumi did not do it; absent where something else went wrong.
 */
export type RunRecord = { readonly startedAt: number } & (
  | { readonly state: "running" }
  | { readonly state: "succeeded"; readonly endedAt: number; readonly outcome: Outcome }
  | { readonly state: "failed"; readonly endedAt: number; readonly message: string; readonly reason?: PulumiReason }
  | { readonly state: "abandoned"; readonly endedAt: number }
);

/** How often a run touches its record, in milliseconds. */
export const HEARTBEAT_MS = 1000;

/** The files of a run's folder. */
export const REQUEST = "request.json";
export const RECORD = "record.json";
/** What `pulumi` printed. */
export const LOG = "log";

/** Undefined: not written yet. */
export async function readRun<T extends RunRequest | RunRecord>(file: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as T;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export function writeRun(file: string, content: RunRequest | RunRecord): Promise<void> {
  return writeFileAtomic(file, JSON.stringify(content));
}
