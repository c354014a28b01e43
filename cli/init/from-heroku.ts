import { Problems } from "../../lib/validation/problems.ts";
import type { FormationSettings } from "../../model/app/formation.ts";
import { LABS, type Lab } from "../../model/app/labs.ts";
import { POSTGRES_PLANS, type PostgresPlan } from "../../model/app/postgres-plans.ts";
import type { AddonSettings } from "../../model/app/settings.ts";
import { DYNO_SIZE_NAMES, type DynoSizeName } from "../../model/app/sizes.ts";
import { attachmentName, configVarProblem, hostName } from "../../model/names.ts";
import type { Declared, Remarks, Said } from "./declared.ts";
import type { HerokuApp } from "./heroku-app.ts";

const POSTGRES = "heroku-postgresql:";

/**
 * What is to be declared of an app of Heroku's. What has no counterpart here is among the remarks.
 *
 * @param types the process types of the code, where it is known
 */
export function fromHeroku(
  app: HerokuApp,
  types: readonly string[] | undefined,
  remarks: Remarks,
): Pick<Declared, "formation" | "addons" | "hosts" | "labs" | "maintenance" | "config"> {
  readBuildpacks(app, remarks);
  const addons = addonsOf(app, remarks);
  if (app.drains.length > 0)
    remarks.others.push(`${app.drains.length} log drain(s): add them again with \`heroku drains:add\``);
  return {
    formation: formationOf(app, types, remarks),
    addons,
    hosts: hostsOf(app, remarks),
    labs: labsOf(app, remarks),
    maintenance: app.app.maintenance,
    config: configOf(app, Object.keys(addons), remarks),
  };
}

function readBuildpacks({ app, buildpacks }: HerokuApp, { blocking, others }: Remarks): void {
  if (app.stack.name === "container")
    blocking.push("the app is a container image at Heroku, and only Python apps are built here");
  const python = /^(heroku|urn:buildpack:heroku)\/python$|heroku-buildpack-python(\.git)?(#.*)?$/;
  const named = buildpacks.map(({ buildpack }) => buildpack.name || buildpack.url);
  if (named.length > 0 && !named.some((name) => python.test(name)))
    blocking.push(`the app is built by ${named.join(", ")} at Heroku, and only Python apps are built here`);
  else
    for (const name of named.filter((each) => !python.test(each)))
      others.push(`buildpack ${name}: there is only Python's here; what it does has to be in the app's files`);
}

function formationOf(
  { formation }: HerokuApp,
  types: readonly string[] | undefined,
  { others }: Remarks,
): Declared["formation"] {
  const found: Record<string, Said<FormationSettings>> = {};
  for (const { type, quantity, size } of formation) {
    if (type === "release") continue;
    if (types !== undefined && !types.includes(type)) {
      others.push(`process type ${type} is scaled at Heroku, and not in the Procfile of this folder; it is left out`);
      continue;
    }
    const here = sizeOf(size);
    if (here === undefined) others.push(`${type}: there are no dynos of size ${size} here; it gets standard-2x`);
    found[type] = {
      value: { quantity: Math.min(quantity, 100), size: here ?? "standard-2x" },
      why: `${quantity} × ${size} at Heroku`,
    };
  }
  return found;
}

function sizeOf(size: string): DynoSizeName | undefined {
  return DYNO_SIZE_NAMES.find((name) => name === size.toLowerCase());
}

function addonsOf({ app, addons, attachments }: HerokuApp, { others }: Remarks): Declared["addons"] {
  const declared: Record<string, Said<AddonSettings>> = {};
  for (const { id, name, plan, config_vars: variables } of addons) {
    const names = attachments.filter(({ addon }) => addon.id === id).map((each) => each.name);
    const sets = variables.length === 0 ? "" : ` (${variables.join(", ")})`;
    if (!plan.name.startsWith(POSTGRES)) {
      others.push(
        `add-on ${plan.name}${sets}: there is none of the kind here; run the service yourself and set its config vars`,
      );
      continue;
    }
    const first = names.includes("DATABASE") ? "DATABASE" : names.find(isAttachment);
    if (first === undefined) continue;
    const here = planOf(plan.name.slice(POSTGRES.length));
    declared[first] = {
      value: { service: "postgresql", plan: here },
      why: `${name}, ${plan.name} at Heroku; its data is not copied`,
    };
    others.push(
      `${name}: the data stays at Heroku until you copy it (\`heroku pg:backups:download\` there, \`pg_restore\` into ${first}_URL here)`,
    );
    for (const other of names.filter((each) => each !== first && isAttachment(each)))
      declared[other] = { value: { attach: { addon: first } }, why: `the same database as ${first}` };
  }
  const known = new Set(addons.map(({ id }) => id));
  for (const { name, addon } of attachments) {
    if (known.has(addon.id) || addon.app.name === app.name) continue;
    others.push(
      `${name} is an add-on of ${addon.app.name}: add \`${name}: { attach: { stack: ${addon.app.name}, addon: DATABASE } }\` once that app is here`,
    );
  }
  return declared;
}

function isAttachment(name: string): boolean {
  return accepts((problems) => attachmentName(name, "", problems));
}

/** The plan of the same name, or of the next kind. */
function planOf(plan: string): PostgresPlan {
  if (Object.hasOwn(POSTGRES_PLANS, plan)) return plan as PostgresPlan;
  if (plan === "hobby-basic") return "basic";
  return plan === "hobby-dev" || plan === "dev" ? "mini" : "standard-0";
}

function hostsOf({ domains }: HerokuApp, { others }: Remarks): string[] {
  const custom = domains.filter(({ kind }) => kind === "custom").map(({ hostname }) => hostname);
  const good = custom.filter((name) => accepts((problems) => hostName(name, "", problems)));
  for (const name of custom.filter((each) => !good.includes(each)))
    others.push(`domain ${name}: a host name has to be written in full here; it is left out`);
  return good;
}

function labsOf({ features }: HerokuApp, { others }: Remarks): Lab[] {
  const on = features.filter(({ enabled }) => enabled).map(({ name }) => name);
  const here = LABS.filter((lab) => on.includes(lab));
  for (const name of on.filter((each) => !(LABS as readonly string[]).includes(each)))
    others.push(
      name === "preboot"
        ? "preboot: new dynos always start before old ones end here"
        : `feature ${name}: there is none of the kind here`,
    );
  return here;
}

function configOf(
  { config, addons }: HerokuApp,
  attached: readonly string[],
  { others }: Remarks,
): Record<string, string> {
  const ofAddons = new Set([...addons.flatMap((addon) => addon.config_vars), ...attached.map((name) => `${name}_URL`)]);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(config)) {
    if (ofAddons.has(name) || value === null) continue;
    const problem = configVarProblem(name);
    if (problem !== undefined) others.push(`config var ${name} ${problem}`);
    else kept[name] = value;
  }
  return kept;
}

function accepts(read: (problems: Problems) => unknown): boolean {
  const problems = new Problems();
  read(problems);
  try {
    problems.check();
    return true;
  } catch {
    return false;
  }
}
