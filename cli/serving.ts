import { UserError } from "../lib/errors.ts";
import { placesOf } from "../model/platform/control-plane.ts";
import type { PlatformTarget } from "../model/stack/project.ts";
import { RouterClient, RouterUnreachable } from "../services/router-client/client.ts";

/**
 * Waits until a platform's router takes requests. Docker accepts connections for its container a moment before nginx does,
 * and hangs up; nginx opens the admin socket together with its port.
 */
export async function untilServing({ directory }: Pick<PlatformTarget, "directory">): Promise<void> {
  const router = new RouterClient(placesOf(directory).adminSocket);
  // The client has its own patience.
  await router.list(new AbortController().signal).catch((error: unknown) => {
    throw error instanceof RouterUnreachable ? new UserError(error.message) : error;
  });
}
