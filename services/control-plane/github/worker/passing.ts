import { StackLocked } from "../../apps/apps.ts";
import { AppBusy } from "../../apps/lock.ts";
import { BuildRunning } from "../../deploys/builds.ts";
import { DeployFailed } from "../../deploys/deploy-commit.ts";
import { ForgeError } from "../forge/forge.ts";
import { FetchFailed } from "./fetch.ts";

/** Milliseconds after which something is tried again that has nothing to do with the commit. */
export const RETRY_MS = 30_000;

export function causeOf(error: unknown): unknown {
  return error instanceof DeployFailed && error.cause !== undefined ? error.cause : error;
}

/** Whether it says nothing of the commit: it may well be deployed a minute later. */
export function isPassing(error: unknown): boolean {
  const cause = causeOf(error);
  if (cause instanceof AppBusy || cause instanceof BuildRunning || cause instanceof StackLocked) return true;
  return cause instanceof ForgeError || cause instanceof FetchFailed;
}
