import { request } from "node:http";
import type { Socket } from "node:net";
import type { TestPlatform } from "./platform.ts";
import { simpleApp } from "./simple-app.ts";
import { until } from "./until.ts";

/** A web process that answers requests, and sends back what comes on a WebSocket, byte for byte. */
const SERVER = `import base64, hashlib, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        key = self.headers.get("Sec-WebSocket-Key")
        if key is None:
            body = os.environ["VERSION"].encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        accept = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(accept).decode())
        self.end_headers()
        self.close_connection = True
        while data := self.rfile.read1(65536):
            self.wfile.write(data)

ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
`;

export function webSocketApp(platform: TestPlatform, name: string): Promise<void> {
  return simpleApp(platform, name, { Procfile: "web: exec python server.py\n", "server.py": SERVER });
}

/** An open WebSocket. */
interface OpenWebSocket extends Disposable {
  readonly closed: boolean;
  /** Sends a message and resolves when it has come back. */
  echo(message: string): Promise<void>;
}

export async function openWebSocket(platform: TestPlatform, app: string): Promise<OpenWebSocket> {
  const port = platform.ports.web;
  const outgoing = request({
    host: "127.0.0.1",
    port,
    path: "/",
    agent: false,
    headers: {
      host: `${app}.localhost:${port}`,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": Buffer.from("dynoform's websocket").subarray(0, 16).toString("base64"),
    },
  });
  outgoing.end();
  const socket = await new Promise<Socket>((resolve, reject) => {
    outgoing.on("upgrade", (_response, opened: Socket) => resolve(opened));
    outgoing.on("response", ({ statusCode }) => reject(new Error(`${app} answered ${statusCode} to an upgrade`)));
    outgoing.on("error", reject);
  });
  let closed = false;
  let received = "";
  for (const event of ["end", "close", "error"]) socket.on(event, () => (closed = true));
  socket.setEncoding("latin1").on("data", (text: string) => {
    received += text;
  });
  return {
    get closed() {
      return closed;
    },
    async echo(message) {
      // A text message in one masked frame, whose mask is nothing.
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), Buffer.from(message)]));
      await until(`"${message}" comes back`, async () => {
        if (closed) throw new Error(`a WebSocket at ${app} was closed before "${message}" came back`);
        return received.includes(message);
      });
    },
    [Symbol.dispose]: () => socket.destroy(),
  };
}
