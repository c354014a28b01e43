import { UserError } from "../../../lib/errors.ts";
import { Problems } from "../../../lib/validation/problems.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { quantity, type Scale } from "../../../model/app/formation.ts";
import type { PostgresPlan } from "../../../model/app/postgres-plans.ts";
import { dynoSize } from "../../../model/app/sizes.ts";
import { attachmentName, configVarProblem, processType } from "../../../model/names.ts";
import { findPlan } from "../postgres/plans.ts";

/** A config var that an app wants. */
interface WantedVariable {
  /** Undefined: somebody has to give one, or it is made. */
  readonly value: string | undefined;
  readonly required: boolean;
  /** Whether a random one is made. */
  readonly secret: boolean;
}

export interface WantedAddon {
  readonly plan: PostgresPlan;
  /** What it is attached as; undefined: what is free. */
  readonly as: string | undefined;
}

/** What an app says of itself in `app.json`, as far as it means something here. */
export interface AppJson {
  readonly env: Readonly<Record<string, WantedVariable>>;
  readonly formation: Readonly<Record<string, Scale>>;
  readonly addons: readonly WantedAddon[];
  /** Runs once, after the first deploy. */
  readonly postdeploy: string | undefined;
  /** Runs before a review app goes. */
  readonly predestroy: string | undefined;
  /** A path of the app, or a URL. */
  readonly successUrl: string | undefined;
  /** What it says in vain here. */
  readonly remarks: readonly string[];
}

/** An `app.json` that cannot be followed. */
export class BadAppJson extends UserError {
  override readonly name = "BadAppJson";
  /** A line each. */
  readonly manifestErrors: readonly string[];

  constructor(manifestErrors: readonly string[]) {
    super(`app.json: ${manifestErrors.join("; ")}`);
    this.manifestErrors = manifestErrors;
  }
}

/**
 * @param environment whose own settings go before the others, e.g. `review`
 * @throws BadAppJson with everything that is wrong
 */
export function readAppJson(text: string, environment?: "review"): AppJson {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch (error) {
    throw new BadAppJson([`is no JSON: ${(error as Error).message}`]);
  }
  if (!isRecord(whole)) throw new BadAppJson(["is no object"]);
  const json = environment === undefined ? whole : inEnvironment(whole, environment);
  const found: string[] = [];
  const problems = new Problems();
  const read: AppJson = {
    env: readEnv(json.env, found),
    formation: readFormation(json.formation, problems),
    addons: readAddons(json.addons, found, problems),
    postdeploy: readScript(json.scripts, "postdeploy", found),
    predestroy: readScript(json.scripts, "pr-predestroy", found),
    successUrl: typeof json.success_url === "string" ? json.success_url : undefined,
    remarks: remarksOn(json),
  };
  const all = [...found, ...problems.lines];
  if (all.length > 0) throw new BadAppJson(all);
  return read;
}

/** What an environment says of `env` and `scripts` is put over what stands there; the rest takes its place. */
function inEnvironment(json: Readonly<Record<string, unknown>>, environment: string): Record<string, unknown> {
  const own = isRecord(json.environments) ? json.environments[environment] : undefined;
  if (!isRecord(own)) return json;
  const over = (key: string) => (isRecord(json[key]) && isRecord(own[key]) ? { ...json[key], ...own[key] } : own[key]);
  const both = ["env", "scripts"].filter((key) => own[key] !== undefined).map((key) => [key, over(key)] as const);
  return { ...json, ...own, ...Object.fromEntries(both) };
}

function readEnv(env: unknown, found: string[]): AppJson["env"] {
  if (env === undefined || env === null) return {};
  if (!isRecord(env)) {
    found.push("env is no map of names to values");
    return {};
  }
  const entries = Object.entries(env).map(([name, value]) => {
    const wrong = configVarProblem(name);
    if (wrong !== undefined) found.push(`env.${name} ${wrong}`);
    const wanted = isRecord(value) ? value : { value };
    const { generator, required } = wanted;
    if (generator !== undefined && generator !== "secret") found.push(`env.${name}.generator can only be "secret"`);
    const given =
      typeof wanted.value === "number" || typeof wanted.value === "boolean" ? `${wanted.value}` : wanted.value;
    if (given !== undefined && given !== null && typeof given !== "string") found.push(`env.${name} is no text`);
    return [
      name,
      {
        value: typeof given === "string" ? given : undefined,
        required: required !== false,
        secret: generator === "secret",
      },
    ] as const;
  });
  return Object.fromEntries(entries);
}

function readFormation(formation: unknown, problems: Problems): AppJson["formation"] {
  if (formation === undefined || formation === null) return {};
  if (!isRecord(formation)) {
    problems.add("formation", "is no map of process types");
    return {};
  }
  const entries = Object.entries(formation).map(([type, value]) => {
    const at = `formation.${type}`;
    processType(type, at, problems);
    const { quantity: count, size } = isRecord(value) ? value : {};
    if (!isRecord(value)) problems.add(at, "is no map of quantity and size");
    if (count !== undefined) quantity(count, `${at}.quantity`, problems);
    const named = typeof size === "string" ? size.toLowerCase() : size;
    if (named !== undefined) dynoSize(named, `${at}.size`, problems);
    const scale = {
      ...(typeof count === "number" && { quantity: count }),
      ...(typeof named === "string" && { size: named }),
    };
    return [type, scale] as const;
  });
  return Object.fromEntries(entries);
}

function readAddons(addons: unknown, found: string[], problems: Problems): WantedAddon[] {
  if (addons === undefined || addons === null) return [];
  if (!Array.isArray(addons)) {
    found.push("addons is no list");
    return [];
  }
  return addons.flatMap((each, index) => {
    const { plan: wanted, as } = isRecord(each) ? each : { plan: each, as: undefined };
    if (as !== undefined) attachmentName(as, `addons[${index}].as`, problems);
    const plan = typeof wanted === "string" ? findPlan(wanted) : undefined;
    if (plan !== undefined) return [{ plan, as: typeof as === "string" ? as : undefined }];
    found.push(`addons[${index}]: ${JSON.stringify(wanted)} is no add-on of this platform; heroku-postgresql is`);
    return [];
  });
}

function readScript(scripts: unknown, name: "postdeploy" | "pr-predestroy", found: string[]): string | undefined {
  const script = isRecord(scripts) ? scripts[name] : undefined;
  const command = isRecord(script) ? script.command : script;
  if (command === undefined || command === null) return undefined;
  if (typeof command === "string" && command.trim() !== "") return command;
  found.push(`scripts.${name} is no command`);
  return undefined;
}

function remarksOn({ buildpacks, image }: Readonly<Record<string, unknown>>): string[] {
  const urls = (Array.isArray(buildpacks) ? buildpacks : []).flatMap((each) =>
    isRecord(each) && typeof each.url === "string" ? [each.url] : [],
  );
  const foreign = urls.filter((url) => !/(^|[/-])python(\.git)?$/.test(url));
  return [
    ...(foreign.length > 0
      ? [`buildpacks: ${foreign.join(", ")} are not used: an app is built by what its files say`]
      : []),
    ...(image === undefined ? [] : ["image is not used: an app is built by what its files say"]),
  ];
}
