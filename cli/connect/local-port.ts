import { createServer, type Socket } from "node:net";
import { messageOf, UserError } from "../../lib/errors.ts";
import { type FarApi, FarRefusal } from "./far-api.ts";

/** A port of this machine that leads to a platform elsewhere. */
export interface LocalPort {
  readonly port: number;
  /** Settles when nobody is let in there any more. @throws UserError that says why */
  readonly ended: Promise<never>;
}

/**
 * Opens a port of 127.0.0.1, each of whose connections leads to the API's port on the platform's machine.
 *
 * @param port 0: any that is free
 * @param warn told when a connection cannot be opened
 */
export async function openLocalPort(
  api: Pick<FarApi, "tunnel" | "origin">,
  token: string,
  port: number,
  warn: (line: string) => void,
): Promise<LocalPort> {
  const ended = Promise.withResolvers<never>();
  const sockets = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
    join(socket).catch((error: unknown) => {
      socket.destroy();
      if (error instanceof FarRefusal && error.status === 401) {
        server.close();
        for (const each of sockets) each.destroy();
        ended.reject(new UserError(`this login at ${api.origin.host} is over. Connect again to log in.`));
      } else warn(messageOf(error));
    });
  });

  async function join(socket: Socket): Promise<void> {
    const { socket: far, head } = await api.tunnel(token);
    if (socket.destroyed) {
      far.destroy();
      return;
    }
    far.on("error", () => socket.destroy()).once("close", () => socket.destroy());
    socket.once("close", () => far.destroy());
    if (head.length > 0) socket.write(head);
    far.pipe(socket);
    socket.pipe(far);
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: Error & { code?: string }) => {
      const taken = `port ${port} of this machine is taken. Is \`dynoform connect\` running already? Else choose one: --port`;
      reject(error.code === "EADDRINUSE" ? new UserError(taken) : error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : port, ended: ended.promise };
}
