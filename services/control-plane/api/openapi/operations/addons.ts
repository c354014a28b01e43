import { named } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { anything, either, flag, list, map, object, orNull, text, time, uuid } from "../schema.ts";

const addon = object({
  id: uuid,
  name: text,
  app: named,
  addon_service: named,
  plan: named,
  billed_price: anything,
  config_vars: list(text),
  created_at: time,
  state: text,
  updated_at: time,
});

const attachment = object({
  id: uuid,
  name: text,
  addon: object({ id: uuid, name: text, app: named, plan: named }),
  app: named,
  config_vars: list(text),
  created_at: time,
  namespace: orNull(text),
  updated_at: time,
});

const service = object({ id: uuid, name: text, human_name: text, state: text });
const plan = object({ id: uuid, name: text, human_name: text, default: flag, price: anything });
const reference = either(text, object({ "name?": orNull(text), "id?": orNull(text) }));

export const addons: Operations = {
  "GET /addons": { summary: "List add-ons of all apps", answer: list(addon) },
  "GET /addons/:addon": { summary: "An add-on", answer: addon },
  "GET /addons/:addon/config": {
    summary: "What an add-on sets",
    answer: list(object({ name: text, value: orNull(text) })),
  },
  "GET /addons/:addon/config/:name": { summary: "There are no other credentials", answer: list(anything) },
  "GET /apps/:app/addons": { summary: "List an app's add-ons", answer: list(addon) },
  "POST /apps/:app/addons": {
    summary: "Add a database",
    body: object({
      plan: reference,
      "name?": orNull(text),
      "attachment?": orNull(object({ "name?": orNull(text) })),
      "config?": orNull(map(anything)),
      "confirm?": orNull(text),
    }),
    example: { plan: "heroku-postgresql" },
    status: 201,
    answer: addon,
  },
  "GET /apps/:app/addons/:addon": { summary: "An app's add-on", answer: addon },
  "PATCH /apps/:app/addons/:addon": {
    summary: "Change an add-on's plan or name",
    body: object({ "plan?": reference, "name?": orNull(text) }),
    example: { plan: "heroku-postgresql:mini" },
    answer: addon,
  },
  "DELETE /apps/:app/addons/:addon": {
    summary: "Destroy an add-on",
    body: object({ "force?": orNull(flag) }),
    example: { force: false },
    answer: addon,
  },
  "POST /actions/addons/resolve": {
    summary: "Find add-ons by any of their names",
    body: object({ addon: text, "app?": orNull(text) }),
    example: { addon: "DATABASE", app: "shop" },
    answer: list(addon),
  },
  "GET /addon-attachments": { summary: "List attachments of all apps", answer: list(attachment) },
  "GET /addon-attachments/:attachment": { summary: "An attachment", answer: attachment },
  "POST /addon-attachments": {
    summary: "Attach an add-on to an app",
    body: object({
      addon: reference,
      app: reference,
      "name?": orNull(text),
      "namespace?": orNull(text),
      "confirm?": orNull(text),
    }),
    example: { addon: { name: "postgresql-flat-12345" }, app: { name: "shop" } },
    status: 201,
    answer: attachment,
  },
  "DELETE /addon-attachments/:attachment": { summary: "Detach an add-on", answer: attachment },
  "GET /addons/:addon/addon-attachments": { summary: "Where an add-on is attached", answer: list(attachment) },
  "GET /apps/:app/addon-attachments": { summary: "What is attached to an app", answer: list(attachment) },
  "GET /apps/:app/addon-attachments/:attachment": { summary: "An app's attachment", answer: attachment },
  "POST /actions/addon-attachments/resolve": {
    summary: "Find attachments by any of their names",
    body: object({ addon_attachment: text, "app?": orNull(text) }),
    example: { addon_attachment: "DATABASE_URL", app: "shop" },
    answer: list(attachment),
  },
  "GET /addon-services": { summary: "What can be added", answer: list(service) },
  "GET /addon-services/:service": { summary: "A service", answer: service },
  "GET /addon-services/:service/plans": { summary: "A service's plans", answer: list(plan) },
  "GET /addon-services/:service/plans/:plan": { summary: "A plan", answer: plan },
};
