import type { PostgresPlan } from "../../../../model/app/postgres-plans.ts";
import type { DeclaredApp } from "../../apps/ports.ts";
import { type Addon, type Attachment, type Catalogue, variableOf } from "../../postgres/catalogue.ts";
import { DEFAULT_PLAN, planTitle, SERVICE } from "../../postgres/plans.ts";
import type { Desk } from "../desk.ts";
import type { AddonDesk } from "./access.ts";

/** Nobody pays. */
const PRICE = { cents: 0, contract: false, hourly: false, metered: false, unit: "month" };

/** When service and plans came to be, which nobody asks but their answers say. */
const BEGINNING = new Date(0).toISOString();

type AddonState = "provisioned" | "provisioning" | "deprovisioning" | "deprovisioned";

/** An add-on as Heroku's API shows it, with service and plan expanded. */
export function showAddon(desk: AddonDesk, catalogue: Catalogue, addon: Addon, state: AddonState = "provisioned") {
  const time = new Date(addon.app.createdAt).toISOString();
  const own = catalogue.of(addon).filter(({ app }) => app === addon.app);
  const app = showApp(desk.desk, addon.app);
  return {
    addon_service: showService(desk.desk),
    app,
    billed_price: PRICE,
    billing_entity: { ...app, type: "app" },
    config_vars: (own.length > 0 ? own.map(({ name }) => name) : [addon.attachment]).map(variableOf),
    created_at: time,
    id: desk.addonId(addon),
    name: addon.name,
    plan: showPlan(desk.desk, addon.plan),
    provider_id: desk.addonId(addon),
    state,
    updated_at: time,
    web_url: null,
  };
}

export function showAttachment(desk: AddonDesk, attachment: Attachment) {
  const { app, addon, name } = attachment;
  const time = new Date(app.createdAt).toISOString();
  const { id, name: plan } = showPlan(desk.desk, addon.plan);
  return {
    addon: {
      id: desk.addonId(addon),
      name: addon.name,
      app: showApp(desk.desk, addon.app),
      plan: { id, name: plan },
    },
    app: showApp(desk.desk, app),
    config_vars: [variableOf(name)],
    created_at: time,
    id: desk.attachmentId(attachment),
    log_input_url: null,
    name,
    // Without it, clients take it for that of a named credential.
    namespace: null,
    updated_at: time,
    web_url: null,
  };
}

export function showService(desk: Desk) {
  return {
    cli_plugin_name: null,
    created_at: BEGINNING,
    human_name: "Heroku Postgres",
    id: desk.id("addon-service", SERVICE),
    name: SERVICE,
    state: "ga",
    supports_multiple_installations: true,
    supports_sharing: true,
    updated_at: BEGINNING,
  };
}

export function showPlan(desk: Desk, plan: PostgresPlan) {
  return {
    addon_service: { id: desk.id("addon-service", SERVICE), name: SERVICE },
    compliance: [],
    created_at: BEGINNING,
    default: plan === DEFAULT_PLAN,
    description: `Heroku Postgres ${planTitle(plan)}`,
    human_name: planTitle(plan),
    id: desk.id("plan", plan),
    installable_inside_private_network: false,
    installable_outside_private_network: true,
    name: `${SERVICE}:${plan}`,
    price: PRICE,
    space_default: false,
    state: "ga",
    updated_at: BEGINNING,
    visible: true,
  };
}

function showApp(desk: Desk, app: DeclaredApp) {
  return { id: desk.appId(app), name: app.name };
}
