import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Below the ports that the kernel gives to outgoing connections: one of those may be taken at any moment. */
const LOWEST = 18_000;
const HIGHEST = 32_000;

/** A port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** Different ports of 127.0.0.1 that nothing listens on, at any of the machine's addresses. */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    while (ports.length < count) {
      const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
      const server = await hold(port);
      if (server === undefined) continue;
      held.push(server);
      ports.push(port);
    }
  } finally {
    await Promise.all(held.map((server) => once(server.close(), "close")));
  }
  return ports;
}

/** Listens on a port; undefined: somebody else does. */
export async function hold(port: number): Promise<Server | undefined> {
  const server = createServer();
  try {
    // Everywhere, so that one who listens at a single address is noticed too.
    await once(server.listen(port, "0.0.0.0"), "listening");
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
}
