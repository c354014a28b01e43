import { Problems } from "../../../../lib/validation/problems.ts";
import { isRecord, type Reader } from "../../../../lib/validation/readers.ts";
import type { AddonSettings } from "../../../../model/app/settings.ts";
import { addonName, attachmentName } from "../../../../model/names.ts";
import type { DeclaredApp } from "../../apps/ports.ts";
import { Catalogue, variableOf } from "../../postgres/catalogue.ts";
import { freeAttachment } from "../../postgres/names.ts";
import { findPlan } from "../../postgres/plans.ts";
import { AddonDesk, unknownAddon } from "../addons/access.ts";
import { showAddon } from "../addons/show.ts";
import { type Answer, type Call, optionalText, requiredText } from "../call.ts";
import { type Desk, warned } from "../desk.ts";
import { ApiError, invalid } from "../errors.ts";
import type { Route } from "../routes.ts";
import { currentConfig } from "./releases.ts";

const CREATED = [
  "Database has been created and is available",
  " ! This database is empty. If upgrading, you can transfer",
  " ! data from another database with pg:copy",
].join("\n");

export function addonRoutes(desk: Desk): Route[] {
  const addons = new AddonDesk(desk);
  return [
    ["GET", "/addons", (call) => list(addons, call)],
    ["GET", "/addons/:addon", (call) => info(addons, call)],
    ["GET", "/addons/:addon/config", (call) => config(addons, call)],
    ["GET", "/addons/:addon/config/:name", async (call) => ({ body: (await info(addons, call)) && [] })],
    ["GET", "/apps/:app/addons", (call) => listOfApp(addons, call)],
    ["POST", "/apps/:app/addons", (call) => create(addons, call)],
    [
      "GET",
      "/apps/:app/addons/:addon",
      async (call) => {
        const { catalogue, addon } = await addons.addonOf(call, call.params.addon ?? "");
        return { body: showAddon(addons, catalogue, addon) };
      },
    ],
    ["PATCH", "/apps/:app/addons/:addon", (call) => update(addons, call)],
    ["DELETE", "/apps/:app/addons/:addon", (call) => destroy(addons, call)],
    ["POST", "/actions/addons/resolve", (call) => resolve(addons, call)],
  ];
}

async function list(addons: AddonDesk, call: Call): Promise<Answer> {
  const catalogue = await addons.all();
  const seen = catalogue.addons.filter((addon) => addons.mayUse(call, addon.app));
  return { body: seen.map((addon) => showAddon(addons, catalogue, addon)) };
}

async function listOfApp(addons: AddonDesk, call: Call): Promise<Answer> {
  const app = await addons.desk.app(call);
  const catalogue = await addons.all();
  const own = catalogue.addons.filter((addon) => addon.app.id === app.id);
  return { body: own.map((addon) => showAddon(addons, catalogue, addon)) };
}

async function info(addons: AddonDesk, call: Call): Promise<Answer> {
  const { catalogue, addon } = await addons.addon(call, call.params.addon ?? "");
  return { body: showAddon(addons, catalogue, addon) };
}

async function config(addons: AddonDesk, call: Call): Promise<Answer> {
  const { addon } = await addons.addon(call, call.params.addon ?? "");
  if (!addons.mayUse(call, addon.app)) throw unknownAddon();
  const { environment } = await addons.desk.outputs.of(addon.app.stack);
  const variables = await addons.variables(call, addon.app, environment);
  return { body: [{ name: "url", value: variables[variableOf(addon.attachment)] ?? null }] };
}

async function create(addons: AddonDesk, call: Call): Promise<Answer> {
  const { desk } = addons;
  const app = await desk.app(call);
  const plan = readPlan(call);
  if (isRecord(call.body.config) && Object.keys(call.body.config).length > 0) {
    const [option = ""] = Object.keys(call.body.config);
    throw invalid("config", `There is no option --${option} for databases of this platform.`);
  }
  const name = await newName(addons, call);
  const given = isRecord(call.body.attachment) ? call.body.attachment.name : undefined;
  const attachment = given === undefined || given === null ? undefined : read(attachmentName, given, "attachment");
  const as = attachment ?? freeAttachment(Object.keys(app.addons));
  const overwrites = await checkFree(desk, call, app, as);
  const settings: AddonSettings = { service: "postgresql", plan, ...(name !== undefined && { name }) };
  const planned = new Catalogue([{ ...app, addons: { ...app.addons, [as]: settings } }]);
  const addon = planned.addons.find((each) => each.attachment === as);
  if (addon === undefined) throw unknownAddon();
  const made = await desk.change(call, app, `Attach ${as} (@ref:${addon.name})`, async (file) => {
    if (file.addons[as] !== undefined) throw taken(as, app);
    if (overwrites) await file.setConfig(variableOf(as), undefined);
    file.addon(as, settings);
  });
  return {
    status: 201,
    body: { ...showAddon(addons, planned, addon), provision_message: CREATED },
    headers: warned(made),
  };
}

async function update(addons: AddonDesk, call: Call): Promise<Answer> {
  const { catalogue, addon } = await addons.addonOf(call, call.params.addon ?? "");
  const { app, attachment } = addon;
  const name = await newName(addons, call, addon.name);
  const plan = call.body.plan === undefined ? undefined : readPlan(call);
  if (name === undefined && plan === undefined) return { body: showAddon(addons, catalogue, addon) };
  const change: AddonSettings = { ...(plan !== undefined && { plan }), ...(name !== undefined && { name }) };
  const what = plan === undefined ? `Rename ${addon.name} to ${name}` : `Change ${addon.name} to ${plan}`;
  const made = await addons.desk.change(call, app, what, (file) => {
    const present = file.addons[attachment];
    if (present === undefined || present.attach !== undefined) throw unknownAddon();
    file.addon(attachment, { ...present, ...change });
  });
  const changed = new Catalogue([
    { ...app, addons: { ...app.addons, [attachment]: { ...app.addons[attachment], ...change } } },
  ]);
  const shown = changed.addons.find((each) => each.id === addon.id) ?? addon;
  return { body: showAddon(addons, changed, shown), headers: warned(made) };
}

async function destroy(addons: AddonDesk, call: Call): Promise<Answer> {
  const { catalogue, addon } = await addons.addonOf(call, call.params.addon ?? "");
  const { app } = addon;
  const everywhere = catalogue.of(addon);
  const foreign = everywhere.filter((each) => each.app !== app);
  if (foreign.length > 0 && call.body.force !== true) {
    const where = foreign.map((each) => `${each.app.name} as ${each.name}`).join(", ");
    throw new ApiError(
      422,
      "invalid_params",
      `${addon.name} is attached to ${where}; detach it there first, or use --force`,
    );
  }
  const detach = (at: DeclaredApp, names: readonly string[]) =>
    addons.desk.change(call, at, `Detach ${names.join(", ")} (@ref:${addon.name})`, (file) => {
      for (const name of names) file.addon(name, undefined);
    });
  const shown = showAddon(addons, catalogue, addon);
  // What still uses it must let go first; a dry run shows the add-on's own app.
  if (!call.dryRun) for (const { app: other, name } of foreign) await detach(other, [name]);
  const own = everywhere.filter((each) => each.app === app).map(({ name }) => name);
  const made = await detach(app, own);
  return {
    body: { ...shown, state: "deprovisioned" },
    headers: warned(made),
  };
}

async function resolve(addons: AddonDesk, call: Call): Promise<Answer> {
  const { given, app } = await splitName(addons, call, "addon");
  const catalogue = await addons.all();
  if (app !== undefined) {
    const found = [...new Set(addons.matching(catalogue.at(app), given).map(({ addon }) => addon))];
    if (found.length > 0) return { body: found.map((addon) => showAddon(addons, catalogue, addon)) };
  }
  const { addon } = await addons.addon(call, given);
  return { body: [showAddon(addons, catalogue, addon)] };
}

/** What a body names, e.g. `{"addon": "DATABASE", "app": "shop"}`; or `shop::DATABASE`. */
export async function splitName(addons: AddonDesk, call: Call, field: string) {
  const text = requiredText(call, field);
  const [, of, name] = /^(.+?)::(.+)$/.exec(text) ?? [];
  const which = of ?? optionalText(call, "app");
  const app = which === undefined ? undefined : await addons.desk.appNamed(call, which);
  return { given: name ?? text, app };
}

/** @returns whether a config var of that name has to go @throws ApiError when what is there may not be overwritten */
export async function checkFree(desk: Desk, call: Call, app: DeclaredApp, attachment: string): Promise<boolean> {
  if (app.addons[attachment] !== undefined) throw taken(attachment, app);
  const variable = variableOf(attachment);
  const config = currentConfig(await desk.outputs.of(app.stack));
  if (!Object.hasOwn(config, variable)) return false;
  if (call.body.confirm !== app.name) throw confirmationRequired(app, attachment);
  return true;
}

export function confirmationRequired(app: DeclaredApp, attachment: string): ApiError {
  return new ApiError(
    423,
    "confirmation_required",
    `Adding ${attachment} to app ${app.name} would overwrite existing vars ${variableOf(attachment)}.`,
  );
}

function taken(attachment: string, app: DeclaredApp): ApiError {
  return new ApiError(422, "invalid_params", `${app.name} has an add-on attached as ${attachment} already.`);
}

/** @throws ApiError when what is given is none, or another add-on's */
async function newName(addons: AddonDesk, call: Call, present?: string): Promise<string | undefined> {
  const given = optionalText(call, "name");
  if (given === undefined || given === present) return given;
  const name = read(addonName, given, "name");
  if ((await addons.all()).addons.some((addon) => addon.name === name)) {
    throw invalid("name", `Name ${name} is already taken.`);
  }
  return name;
}

/** @throws ApiError when there is no such plan */
function readPlan(call: Call) {
  const given = isRecord(call.body.plan) ? (call.body.plan.name ?? call.body.plan.id) : call.body.plan;
  if (typeof given !== "string") throw invalid("plan", "plan is required.");
  const plan = findPlan(given);
  if (plan === undefined) {
    throw invalid("plan", `Couldn't find either the add-on service or the add-on plan of ${JSON.stringify(given)}.`);
  }
  return plan;
}

/** A text by the rules of stack files. */
export function read(reader: Reader<string>, value: unknown, field: string): string {
  const problems = new Problems();
  const text = reader(value, field, problems);
  problems.check();
  return text ?? "";
}
