import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { answerProblems } from "./answers.ts";

/** What a TLS connection begins with. */
const CLIENT_HELLO = 0x16;

/** Stands between a client and the API, and looks at every answer. */
export interface Recorder extends AsyncDisposable {
  readonly port: number;
  /** The endpoints that were asked, e.g. `GET /apps`, with how the last call ended. */
  readonly seen: ReadonlyMap<string, number>;
  /** What was not as Heroku publishes it. */
  readonly problems: readonly string[];
}

/** @param port the API's, on 127.0.0.1. Connections with TLS go there untouched */
export async function recorder(port: number): Promise<Recorder> {
  const seen = new Map<string, number>();
  const problems: string[] = [];

  function look(asked: IncomingMessage, answer: IncomingMessage, body: Buffer): void {
    const { method = "", url = "" } = asked;
    const { statusCode: status = 0, headers } = answer;
    seen.set(`${method} ${url}`, status);
    if (headers["content-type"] !== "application/json" || body.length === 0) return;
    problems.push(...answerProblems(method, url, status, JSON.parse(body.toString("utf8"))));
  }

  function pass(asked: IncomingMessage, response: ServerResponse): void {
    const { method, url: path, headers } = asked;
    const outgoing = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => look(asked, answer, Buffer.concat(chunks)));
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    response.on("close", () => outgoing.destroy());
    asked.pipe(outgoing);
  }

  const plain = createHttpServer({ maxHeaderSize: 64 * 1024 }, pass);
  // What is asked of the API through a tunnel is looked at too; other tunnels are the API's.
  plain.on("connect", (asked: IncomingMessage, socket: Socket) => {
    if (/^(127\.0\.0\.1|localhost):/.test(asked.url ?? "")) {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      greet(socket);
      return;
    }
    seen.set(`CONNECT ${asked.url}`, 0);
    const behind = connect(port, "127.0.0.1");
    behind.write(`CONNECT ${asked.url} HTTP/1.1\r\nHost: ${asked.url}\r\n\r\n`);
    join(socket, behind);
  });

  function join(socket: Socket, behind: Socket): void {
    behind.on("error", () => socket.destroy());
    behind.on("close", () => socket.destroy());
    socket.on("close", () => behind.destroy());
    socket.pipe(behind).pipe(socket);
  }

  function greet(socket: Socket): void {
    socket.once("data", (first) => {
      socket.pause();
      socket.unshift(first);
      if (first[0] !== CLIENT_HELLO) {
        plain.emit("connection", socket);
        socket.resume();
        return;
      }
      join(socket, connect(port, "127.0.0.1"));
    });
  }

  const front = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    greet(socket);
  });
  const sockets = new Set<{ destroy(): void }>();
  front.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  return {
    port: (front.address() as AddressInfo).port,
    seen,
    problems,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}
