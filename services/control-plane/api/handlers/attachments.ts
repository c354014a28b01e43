import { isRecord } from "../../../../lib/validation/readers.ts";
import type { AddonSettings } from "../../../../model/app/settings.ts";
import { attachmentName } from "../../../../model/names.ts";
import type { AppFile } from "../../apps/ports.ts";
import { type Attachment, Catalogue, variableOf } from "../../postgres/catalogue.ts";
import { freeAttachment } from "../../postgres/names.ts";
import { AddonDesk, unknownAttachment } from "../addons/access.ts";
import { type Addons, vacate } from "../addons/detach.ts";
import { showAttachment } from "../addons/show.ts";
import type { Answer, Call } from "../call.ts";
import { type Desk, warned } from "../desk.ts";
import { ApiError, invalid } from "../errors.ts";
import type { Route } from "../routes.ts";
import { checkFree, confirmationRequired, read, splitName } from "./addons.ts";

export function attachmentRoutes(desk: Desk): Route[] {
  const addons = new AddonDesk(desk);
  const show = (attachments: readonly Attachment[]) => ({
    body: attachments.map((each) => showAttachment(addons, each)),
  });
  return [
    [
      "GET",
      "/addon-attachments",
      async (call) => {
        const { attachments } = await addons.all();
        return show(attachments.filter(({ app, addon }) => addons.mayUse(call, app) || addons.mayUse(call, addon.app)));
      },
    ],
    [
      "GET",
      "/addon-attachments/:attachment",
      async (call) => ({ body: showAttachment(addons, await find(addons, call)) }),
    ],
    ["POST", "/addon-attachments", (call) => attach(addons, call)],
    ["DELETE", "/addon-attachments/:attachment", (call) => detach(addons, call)],
    [
      "GET",
      "/addons/:addon/addon-attachments",
      async (call) => {
        const { catalogue, addon } = await addons.addon(call, call.params.addon ?? "");
        return show(catalogue.of(addon));
      },
    ],
    [
      "GET",
      "/apps/:app/addon-attachments",
      async (call) => {
        const app = await desk.app(call);
        return show((await addons.all()).at(app));
      },
    ],
    [
      "GET",
      "/apps/:app/addon-attachments/:attachment",
      async (call) => {
        const app = await desk.app(call);
        const { attachment: which = "" } = call.params;
        const found = (await addons.all()).at(app).find((each) => isNamed(addons, each, which));
        if (found === undefined) throw unknownAttachment();
        return { body: showAttachment(addons, found) };
      },
    ],
    ["POST", "/actions/addon-attachments/resolve", (call) => resolve(addons, call)],
  ];
}

function isNamed(addons: AddonDesk, attachment: Attachment, which: string): boolean {
  const { name } = attachment;
  return name === which || variableOf(name) === which || addons.attachmentId(attachment) === which;
}

/** @throws ApiError 404 when there is none of this id, or none for the caller */
async function find(addons: AddonDesk, call: Call): Promise<Attachment> {
  const { attachments } = await addons.all();
  const found = attachments.find((each) => addons.attachmentId(each) === call.params.attachment);
  if (found === undefined || !addons.mayUse(call, found.app)) throw unknownAttachment();
  return found;
}

async function resolve(addons: AddonDesk, call: Call): Promise<Answer> {
  const { given, app } = await splitName(addons, call, "addon_attachment");
  const { attachments } = await addons.all();
  const within = attachments.filter((each) =>
    app === undefined ? addons.mayUse(call, each.app) : each.app.id === app.id,
  );
  // Without an app, a name like DATABASE says nothing.
  const found =
    app === undefined
      ? within.filter((each) => addons.attachmentId(each) === given || each.addon.name === given)
      : addons.matching(within, given);
  if (found.length === 0) throw unknownAttachment();
  return { body: found.map((each) => showAttachment(addons, each)) };
}

async function attach(addons: AddonDesk, call: Call): Promise<Answer> {
  const { namespace, confirm } = call.body;
  if (namespace !== undefined && namespace !== null) {
    throw invalid("namespace", "Databases of this platform have the default credential only.");
  }
  const app = await addons.desk.appNamed(call, named(call, "app"));
  const { addon } = await addons.addon(call, named(call, "addon"));
  if (!addons.mayUse(call, addon.app)) {
    throw new ApiError(403, "forbidden", `Only who may use ${addon.app.name} may attach its add-ons.`);
  }
  const given = call.body.name;
  const as =
    given === undefined || given === null
      ? freeAttachment(Object.keys(app.addons))
      : read(attachmentName, given, "name");
  const attachment: Attachment = { app, name: as, addon };
  const present = new Catalogue(await addons.desk.ports.apps.list()).at(app).find(({ name }) => name === as);
  const isThere = present !== undefined && addons.addonId(present.addon) === addons.addonId(addon);
  if (isThere) return { status: 201, body: showAttachment(addons, present) };
  const own = addon.app.id === app.id;
  const settings: AddonSettings = { attach: { ...(own ? {} : { stack: addon.app.stack }), addon: addon.id } };
  const isTaken = app.addons[as] !== undefined;
  if (isTaken && confirm !== app.name) throw confirmationRequired(app, as);
  const overwrites = !isTaken && (await checkFree(addons.desk, call, app, as));
  vacate(app.addons, as);
  const made = await addons.desk.change(call, app, `Attach ${as} (@ref:${addon.name})`, async (file) => {
    if (overwrites) await file.setConfig(variableOf(as), undefined);
    leave(file, file.addons, as);
    file.addon(as, settings);
  });
  return { status: 201, body: showAttachment(addons, attachment), headers: warned(made) };
}

async function detach(addons: AddonDesk, call: Call): Promise<Answer> {
  const found = await find(addons, call);
  const { app, name, addon } = found;
  vacate(app.addons, name);
  const made = await addons.desk.change(call, app, `Detach ${name} (@ref:${addon.name})`, (file) =>
    leave(file, file.addons, name),
  );
  return { body: showAttachment(addons, found), headers: warned(made) };
}

function leave(file: AppFile, present: Addons, attachment: string): void {
  for (const [name, settings] of vacate(present, attachment)) file.addon(name, settings);
}

/** What a body names, by itself or in an object: `"shop"`, `{"name": "shop"}`, `{"id": …}`. */
function named(call: Call, field: "app" | "addon"): string {
  const value = call.body[field];
  const name = isRecord(value) ? (value.name ?? value.id) : value;
  if (typeof name !== "string" || name === "") throw invalid(field, `${field} is required.`);
  return name;
}
