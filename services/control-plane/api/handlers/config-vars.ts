import { configVarProblem } from "../../../../model/names.ts";
import type { AppOutputs } from "../../apps/outputs.ts";
import { AddonDesk } from "../addons/access.ts";
import type { Answer, Call } from "../call.ts";
import { type Desk, warned } from "../desk.ts";
import { invalid } from "../errors.ts";
import type { Route } from "../routes.ts";
import { currentConfig } from "./releases.ts";

/** Texts to set; null removes. */
type Changes = Readonly<Record<string, string | null>>;

/** Bytes of a value: Linux takes 128 KiB with the name. */
const LONGEST = 100_000;

export function configVarRoutes(desk: Desk): Route[] {
  const addons = new AddonDesk(desk);
  return [
    [
      "GET",
      "/apps/:app/config-vars",
      async (call) => {
        const app = await desk.app(call);
        const { environment } = await desk.outputs.of(app.stack);
        return { body: sorted(await addons.variables(call, app, environment)) };
      },
    ],
    ["PATCH", "/apps/:app/config-vars", (call) => change(addons, call)],
  ];
}

async function change(addons: AddonDesk, call: Call): Promise<Answer> {
  const { desk } = addons;
  const app = await desk.app(call);
  const outputs = await desk.outputs.of(app.stack);
  const changes = onlyDifferent(readChanges(call, outputs), outputs.environment);
  const names = Object.keys(changes);
  if (names.length === 0) return { body: sorted(await addons.variables(call, app, outputs.environment)) };
  const made = await desk.change(call, app, describe(changes), async (file) => {
    for (const [name, value] of Object.entries(changes)) await file.setConfig(name, value ?? undefined);
  });
  const all: Record<string, string> = { ...outputs.environment };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete all[name];
    else all[name] = value;
  }
  return { body: sorted(await addons.variables(call, app, all)), headers: warned(made) };
}

function readChanges(call: Call, outputs: AppOutputs): Changes {
  const own = currentConfig(outputs);
  const attached = Object.keys(outputs.environment).filter((name) => !Object.hasOwn(own, name));
  const changes: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(call.body)) {
    const problem = configVarProblem(name, outputs.releases.length === 0 ? [] : attached);
    if (problem !== undefined) throw invalid(name, `${/^\w+$/.test(name) ? name : JSON.stringify(name)} ${problem}.`);
    if (value !== null && typeof value !== "string")
      throw invalid(name, `${name} must be a text, or null to remove it.`);
    if (value?.includes("\0")) throw invalid(name, `${name} has a zero byte, which no variable can have.`);
    if (Buffer.byteLength(value ?? "") > LONGEST) throw invalid(name, `${name} may have ${LONGEST} bytes at most.`);
    if (value?.isWellFormed() === false) throw invalid(name, `${name} has half a character, which is no text.`);
    changes[name] = value;
  }
  return changes;
}

function onlyDifferent(changes: Changes, environment: Readonly<Record<string, string>>): Changes {
  return Object.fromEntries(
    Object.entries(changes).filter(([name, value]) =>
      value === null ? Object.hasOwn(environment, name) : environment[name] !== value,
    ),
  );
}

/** As Heroku words it: names, never values. */
function describe(changes: Changes): string {
  const names = (wanted: (value: string | null) => boolean) =>
    Object.keys(changes).filter((name) => wanted(changes[name] ?? null));
  const set = names((value) => value !== null);
  const removed = names((value) => value === null);
  const parts = [
    ...(set.length > 0 ? [`Set ${set.join(", ")} config vars`] : []),
    ...(removed.length > 0 ? [`Remove ${removed.join(", ")} config vars`] : []),
  ];
  return parts.join("; ");
}

function sorted(variables: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1)));
}
