import { isRecord } from "../../../../lib/validation/readers.ts";
import { MAX_QUANTITY, scaleOf } from "../../../../model/app/formation.ts";
import type { AppFile, DeclaredApp } from "../../apps/ports.ts";
import type { Answer, Call } from "../call.ts";
import { type Desk, warned } from "../desk.ts";
import { invalid, notFound } from "../errors.ts";
import { type Formation, formationOf } from "../formation.ts";
import type { Route } from "../routes.ts";
import { readSize, shownSize } from "../sizes.ts";

/** What a client wants of a process type. */
interface Update {
  readonly type: string;
  readonly quantity: Quantity | undefined;
  readonly size: string | undefined;
}

/** A number of dynos, or how many more or fewer. */
interface Quantity {
  readonly by: "set" | "add";
  readonly value: number;
}

export function formationRoutes(desk: Desk): Route[] {
  return [
    [
      "GET",
      "/apps/:app/formation",
      async (call) => {
        const app = await desk.app(call);
        const formation = formationOf(app, await desk.outputs.of(app.stack));
        const written = await desk.ports.stacks.written(app.stack);
        return { body: formation.map((entry) => showFormation(desk, app, entry, written)) };
      },
    ],
    [
      "GET",
      "/apps/:app/formation/:type",
      async (call) => {
        const app = await desk.app(call);
        const known = formationOf(app, await desk.outputs.of(app.stack));
        const written = await desk.ports.stacks.written(app.stack);
        return { body: showFormation(desk, app, find(known, call.params.type ?? ""), written) };
      },
    ],
    ["PATCH", "/apps/:app/formation", (call) => scale(desk, call, readUpdates(call), (changed) => changed)],
    [
      "PATCH",
      "/apps/:app/formation/:type",
      (call) => scale(desk, call, [readUpdate({ ...call.body, type: call.params.type })], ([changed]) => changed),
    ],
  ];
}

async function scale(
  desk: Desk,
  call: Call,
  updates: readonly Update[],
  shape: (changed: readonly Record<string, unknown>[]) => unknown,
): Promise<Answer> {
  const app = await desk.app(call);
  const known = formationOf(app, await desk.outputs.of(app.stack));
  for (const { type } of updates) find(known, type);

  const wanted = updates.map((update) => apply(update, app.formation));
  const description = `Scaled to ${wanted.map(({ type, quantity, size }) => `${type}@${quantity}:${shownSize(size)}`).join(" ")}`;
  const made = await desk.change(call, app, description, (file) => edit(file, updates));
  // What was written may differ from what was expected, when somebody else scaled the app meanwhile.
  const now = (await desk.ports.apps.get(app.name)) ?? app;
  const changed = wanted.map((expected) => {
    const { quantity, size } = scaleOf(expected.type, now.formation[expected.type]);
    return showFormation(desk, app, { ...find(known, expected.type), quantity, size }, desk.clock());
  });
  return { body: shape(changed), headers: warned(made) };
}

/** In the app's turn: "+1" counts from what the file says then. */
function edit(file: AppFile, updates: readonly Update[]): void {
  for (const update of updates) {
    const { type, quantity, size } = apply(update, file.formation);
    file.scale(type, {
      ...(update.quantity !== undefined && { quantity }),
      ...(update.size !== undefined && { size }),
    });
  }
}

function apply(update: Update, formation: AppFile["formation"]): { type: string; quantity: number; size: string } {
  const { type } = update;
  const before = scaleOf(type, formation[type]);
  const { by, value } = update.quantity ?? { by: "set", value: before.quantity };
  const quantity = by === "set" ? value : before.quantity + value;
  if (quantity < 0 || quantity > MAX_QUANTITY) {
    throw invalid("quantity", `${type} would have ${quantity} dynos; use a number from 0 to ${MAX_QUANTITY}.`);
  }
  return { type, quantity, size: update.size ?? before.size };
}

function readUpdates(call: Call): Update[] {
  const { updates } = call.body;
  if (!Array.isArray(updates) || updates.length === 0) throw invalid("updates", "updates must be a list of changes.");
  const read = updates.map(readUpdate);
  if (new Set(read.map(({ type }) => type)).size < read.length) {
    throw invalid("updates", "updates names a process type twice.");
  }
  return read;
}

function readUpdate(value: unknown): Update {
  if (!isRecord(value)) throw invalid("updates", "each update must be an object.");
  // An older form of the same.
  const { type = value.process, quantity, size } = value;
  if (typeof type !== "string" || type === "") throw invalid("type", "type is required.");
  const update = {
    type,
    quantity: quantity === undefined || quantity === null ? undefined : readQuantity(quantity),
    size: size === undefined || size === null ? undefined : readSize(size),
  };
  if (update.quantity === undefined && update.size === undefined) {
    throw invalid("quantity", `${type} needs a quantity or a size.`);
  }
  return update;
}

function readQuantity(value: unknown): Quantity {
  const [, sign, digits] =
    /^([+-]?)(\d{1,6})$/.exec(typeof value === "number" ? String(value) : String(value).trim()) ?? [];
  if (digits === undefined || (typeof value !== "number" && typeof value !== "string")) {
    throw invalid("quantity", `${JSON.stringify(value)} is no quantity; use a number, or +1 or -1.`);
  }
  const number = Number(digits);
  if (sign === "" || typeof value === "number") return { by: "set", value: sign === "-" ? -number : number };
  return { by: "add", value: sign === "-" ? -number : number };
}

function find(known: readonly Formation[], type: string): Formation {
  const found = known.find((entry) => entry.type === type);
  if (found === undefined) throw notFound("formation", `that process type (${type})`);
  return found;
}

/** @param changed when its stack was, in milliseconds since 1970 */
function showFormation(
  desk: Desk,
  app: DeclaredApp,
  entry: Formation,
  changed: number | undefined,
): Record<string, unknown> {
  return {
    id: desk.id("formation", app.id, entry.type),
    app: { id: desk.appId(app), name: app.name },
    command: entry.command,
    created_at: new Date(app.createdAt).toISOString(),
    quantity: entry.quantity,
    size: shownSize(entry.size),
    type: entry.type,
    updated_at: new Date(changed ?? app.createdAt).toISOString(),
  };
}
