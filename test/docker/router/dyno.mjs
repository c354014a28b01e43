// A dyno for the router's tests. VERSION names it; MODE makes it fail as apps do.
import { createServer } from "node:http";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const { VERSION = "v1", MODE = "well", BOOT = "0", PORT = "5000" } = process.env;

if (MODE === "crash") {
  console.error("reading the settings");
  console.error("KeyError: 'SECRET_KEY'");
  process.exit(3);
}
process.on("SIGTERM", () => process.exit(0));
console.log(`started ${VERSION}`);

const booted = sleep(Number(BOOT));
const routes = {
  "/slow": async (_request, response) => {
    await sleep(2000);
    response.end(VERSION);
  },
  "/headers": (request, response) => response.end(JSON.stringify(request.headers)),
  "/raw-headers": (request, response) => response.end(JSON.stringify(request.rawHeaders)),
  // Answers with the headers that the body lists.
  "/answer": async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    response.writeHead(200, JSON.parse(text)).end("the app's own body");
  },
  // Answers before it has read the body, and closes.
  "/early": (_request, response) => {
    response.writeHead(413, { connection: "close", "content-length": "9", "set-cookie": ["a_1=b", "c=d"] });
    response.end("too large", () => response.socket.destroy());
  },
  "/early-chunked": (_request, response) => {
    response.writeHead(302, { connection: "close", location: "/login" });
    response.write("to the ");
    response.end("login", () => response.socket.destroy());
  },
  "/early-unmeasured": ({ socket }) => {
    socket.write("HTTP/1.0 302 Found\r\nLocation: /login\r\n\r\nto the login", () => socket.destroy());
  },
  "/big": (_request, response) => response.end("x".repeat(1024 * 1024)),
  "/whoami": (_request, response) => response.end(`${VERSION} ${process.env.DYNO} ${hostname()}`),
  "/teapot": (_request, response) => response.writeHead(503).end("the app's own"),
  "/408": (_request, response) => response.writeHead(408).end("too slow for the app"),
  // Each piece of the body comes back before the next one is there.
  "/echo": (request, response) => request.pipe(response),
  "/never": () => {},
  // Begins, and says no more.
  "/stall": (_request, response) => response.writeHead(200, { "content-length": "100" }).write("begun"),
  "/cut": (_request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("begun", () => response.socket.destroy());
  },
  "/garbled": (_request, response) => response.socket.end("HTTP/1.1 200 OK\r\nno header\r\n\r\n"),
  // A byte at a time for as many seconds as asked.
  "/drip": async (request, response) => {
    const end = Date.now() + 1000 * Number(new URL(request.url, "http://dyno").searchParams.get("seconds"));
    while (Date.now() < end) {
      response.write(".");
      await sleep(100);
    }
    response.end();
  },
  "/hang-up": (request, response) => {
    if (new URL(request.url, "http://dyno").searchParams.get("but") === VERSION) response.end(VERSION);
    else response.socket.destroy();
  },
  "/length": async (request, response) => {
    let bytes = 0;
    for await (const chunk of request) bytes += chunk.length;
    response.end(`${request.headers["content-length"] ?? request.headers["transfer-encoding"]} ${bytes}`);
  },
};

const server = createServer({ maxHeaderSize: 256 * 1024 }, async (request, response) => {
  await booted;
  // Nobody reaches it after an answer, for a moment.
  if (MODE === "shy") {
    server.close();
    setTimeout(() => server.listen(Number(PORT)), 50);
  }
  if (MODE === "500") {
    console.error("ImportError: no module named 'flask_jwtt'");
    response.writeHead(500).end("Internal Server Error");
    return;
  }
  const answer = routes[new URL(request.url, "http://dyno").pathname];
  if (answer) answer(request, response);
  else response.end(VERSION);
});
server.on("upgrade", (_request, socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  socket.pipe(socket);
});
if (MODE === "unbound") setInterval(() => {}, 1000);
else server.listen(Number(PORT));
