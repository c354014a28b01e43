/** Runs within the control plane's container, as what serves its API will; the test starts it with `docker exec`. */
import Docker from "dockerode";
import { messageOf } from "../../../lib/errors.ts";
import { placesOf, readSettings } from "../../../model/platform/control-plane.ts";
import { QueueLock } from "../../../services/control-plane/apps/lock.ts";
import { openApps } from "../../../services/control-plane/apps/open.ts";
import { openStore } from "../../../services/control-plane/store.ts";
import { changed } from "../../../services/stacks/engine.ts";

/** What to do, as JSON: a change of an app, or an `up` of a stack. */
export type Order =
  | { readonly app: string; readonly web?: number; readonly config?: Readonly<Record<string, string>> }
  | { readonly platform: string };

/** What is printed on standard output. */
export interface Answer {
  readonly changes?: number;
  readonly failed?: string;
  /** What Pulumi printed meanwhile. */
  readonly said: string;
}

const order: Order = JSON.parse(process.argv[2] ?? "");
const settings = readSettings();
const store = openStore(placesOf(settings.directory).store);
const { apps, runner } = openApps({ settings, docker: new Docker(), store, lock: new QueueLock(), report: () => {} });
let said = "";
const display = (text: string) => {
  said += text;
};
const act = { user: "ada@example.com", description: "Tested" };

function outcome() {
  if ("platform" in order) return runner.up(order.platform, act, { apart: true, display });
  const { app, web, config = {} } = order;
  return apps.change(
    app,
    act,
    (file) => {
      if (web !== undefined) file.scale("web", { quantity: web });
      for (const [name, value] of Object.entries(config)) file.setConfig(name, value);
    },
    { display },
  );
}

const answer = await outcome().then(
  (done): Answer => ({ changes: changed(done), said }),
  (error: unknown): Answer => ({ failed: messageOf(error), said }),
);
process.stdout.write(JSON.stringify(answer));
