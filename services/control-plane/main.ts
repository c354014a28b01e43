/** The control plane: a long-running process in the platform's container `<platform>-control-plane`. */
import { mkdirSync } from "node:fs";
import { messageOf } from "../errors.ts";
import { serveControlSocket, UnknownApp } from "./control-socket.ts";
import { placesOf, readSettings } from "./settings.ts";
import { openStore } from "./store.ts";

const settings = readSettings();
const places = placesOf(settings.directory);
mkdirSync(places.runs, { recursive: true, mode: 0o700 });

const stopping = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.abort());
// One broken part must not take the others along unseen: the container is started again.
process.on("unhandledRejection", (error) => {
  console.error(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
  process.exit(1);
});

const parts = new AsyncDisposableStack();
const store = parts.adopt(openStore(places.store), (db) => db.close());
parts.use(
  await serveControlSocket(places.controlSocket, async (app) => {
    throw new UnknownApp(app);
  }),
);
void store;

console.log(`control plane of ${settings.platform}: ready`);
if (!stopping.signal.aborted) await new Promise((resolve) => stopping.signal.addEventListener("abort", resolve));
await parts.disposeAsync();
process.exit(0);
