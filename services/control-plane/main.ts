/** The control plane: a long-running process in the platform's container `<platform>-control-plane`. */
import { mkdirSync } from "node:fs";
import Docker from "dockerode";
import { messageOf } from "../errors.ts";
import { QueueLock } from "./apps/lock.ts";
import { openApps } from "./apps/open.ts";
import { serveControlSocket, UnknownApp } from "./control-socket.ts";
import { placesOf, readSettings } from "./settings.ts";
import { openStore } from "./store.ts";

const settings = readSettings();
const places = placesOf(settings.directory);
mkdirSync(places.runs, { recursive: true, mode: 0o700 });

const stopping = Promise.withResolvers<void>();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stopping.resolve());
// A broken part must not be missed for long: the container is started again.
for (const event of ["unhandledRejection", "uncaughtException"] as const) {
  process.on(event, (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
    process.exit(1);
  });
}

const parts = new AsyncDisposableStack();
const docker = new Docker();
const store = parts.adopt(openStore(places.store), (db) => db.close());
const lock = new QueueLock();
const { apps } = openApps({ settings, docker, store, lock });
// Dynos, sleep, hours, logs and the API are made here, a constructor call each.
parts.use(
  await serveControlSocket(places.controlSocket, async (app) => {
    throw new UnknownApp(app);
  }),
);

apps.resume().catch((error: unknown) => console.error(`what was begun could not be finished: ${messageOf(error)}`));
console.log(`control plane of ${settings.platform}: ready`);
await stopping.promise;
// What goes on in the runner needs nobody here, and is found again.
await parts.disposeAsync();
process.exit(0);
