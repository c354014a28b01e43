/** A port of a network namespace's own that leads out by a Unix socket, as an SSH tunnel does: `relay.ts PORT SOCKET`. */
import { connect, createServer } from "node:net";

const [port, socket = ""] = process.argv.slice(2);
createServer((client) => {
  const behind = connect(socket);
  for (const [one, other] of [
    [client, behind],
    [behind, client],
  ] as const) {
    one.on("error", () => other.destroy()).on("close", () => other.destroy());
  }
  client.pipe(behind).pipe(client);
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
