import { chmod, rm } from "node:fs/promises";
import type { Server } from "node:http";

/**
 * Serves on a Unix socket, to who may read its folder.
 *
 * @returns what ends it, with all connections
 */
export async function listenOn(server: Server, path: string): Promise<AsyncDisposable> {
  // That of a control plane that was killed.
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(path, resolve));
  await chmod(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
