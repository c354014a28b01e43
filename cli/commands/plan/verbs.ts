import { UserError } from "../../../lib/errors.ts";

/** A call of the API; `:app` in its path stands for the app. */
interface PlannedCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** Whether it is about an app that is there. */
  readonly ofApp: boolean;
}

interface VerbOptions {
  /** What an add-on is attached as. */
  readonly as?: string;
}

interface Verb {
  readonly usage: string;
  /** How many arguments it takes, and how many at most. */
  readonly takes: readonly [least: number, most: number];
  readonly ofApp?: false;
  call(args: readonly string[], options: VerbOptions): Omit<PlannedCall, "ofApp">;
}

const MANY = 100;

const patch = (path: string, body: unknown) => ({ method: "PATCH", path, body });

const verbs: Readonly<Record<string, Verb>> = {
  "ps:scale": {
    usage: "ps:scale web=2 worker+1:standard-1x",
    takes: [1, MANY],
    call: (args) => patch("/apps/:app/formation", { updates: args.map(scaling) }),
  },
  "ps:type": {
    usage: "ps:type web=standard-2x",
    takes: [1, MANY],
    call: (args) => patch("/apps/:app/formation", { updates: args.map(sizing) }),
  },
  "config:set": {
    usage: "config:set A=1 B=2",
    takes: [1, MANY],
    call: (args) => patch("/apps/:app/config-vars", Object.fromEntries(args.map(setting))),
  },
  "config:unset": {
    usage: "config:unset A B",
    takes: [1, MANY],
    call: (args) => patch("/apps/:app/config-vars", Object.fromEntries(args.map((name) => [name, null]))),
  },
  "apps:create": {
    usage: "apps:create [NAME]",
    takes: [0, 1],
    ofApp: false,
    call: ([name]) => ({ method: "POST", path: "/apps", body: name === undefined ? {} : { name } }),
  },
  "apps:destroy": {
    usage: "apps:destroy",
    takes: [0, 0],
    call: () => ({ method: "DELETE", path: "/apps/:app" }),
  },
  "apps:rename": {
    usage: "apps:rename NAME",
    takes: [1, 1],
    call: ([name]) => patch("/apps/:app", { name }),
  },
  "addons:create": {
    usage: "addons:create heroku-postgresql:mini [--as NAME]",
    takes: [1, 1],
    call: ([plan], { as }) => ({
      method: "POST",
      path: "/apps/:app/addons",
      body: { plan: { name: plan }, attachment: as === undefined ? {} : { name: as } },
    }),
  },
  "addons:destroy": {
    usage: "addons:destroy NAME",
    takes: [1, 1],
    call: ([name = ""]) => ({ method: "DELETE", path: `/apps/:app/addons/${encodeURIComponent(name)}` }),
  },
  rollback: {
    usage: "rollback v3",
    takes: [1, 1],
    call: ([release]) => ({ method: "POST", path: "/apps/:app/releases", body: { release } }),
  },
  "domains:add": {
    usage: "domains:add www.example.com",
    takes: [1, 1],
    call: ([hostname]) => ({ method: "POST", path: "/apps/:app/domains", body: { hostname } }),
  },
  "domains:remove": {
    usage: "domains:remove www.example.com",
    takes: [1, 1],
    call: ([name = ""]) => ({ method: "DELETE", path: `/apps/:app/domains/${encodeURIComponent(name)}` }),
  },
  "maintenance:on": {
    usage: "maintenance:on",
    takes: [0, 0],
    call: () => patch("/apps/:app", { maintenance: true }),
  },
  "maintenance:off": {
    usage: "maintenance:off",
    takes: [0, 0],
    call: () => patch("/apps/:app", { maintenance: false }),
  },
};

/** Other names that the official command has for the same. */
const ALIASES: Readonly<Record<string, string>> = {
  create: "apps:create",
  destroy: "apps:destroy",
  rename: "apps:rename",
  scale: "ps:scale",
  "dyno:scale": "ps:scale",
  "ps:resize": "ps:type",
  "releases:rollback": "rollback",
};

/** How each verb is written. */
export const VERBS: readonly string[] = Object.values(verbs).map(({ usage }) => usage);

/** @throws UserError for a verb that cannot be planned, or written so */
export function callOf(name: string, args: readonly string[], options: VerbOptions = {}): PlannedCall {
  const own = ALIASES[name] ?? name;
  const verb = Object.hasOwn(verbs, own) ? verbs[own] : undefined;
  if (verb === undefined) {
    throw new UserError(`${name} cannot be planned. What can be: ${Object.keys(verbs).join(", ")}.`);
  }
  const [least, most] = verb.takes;
  if (args.length < least || args.length > most) throw new UserError(`write it as \`dynoform plan ${verb.usage}\`.`);
  return { ...verb.call(args, options), ofApp: verb.ofApp ?? true };
}

function scaling(arg: string): { type: string; quantity: string; size?: string } {
  const [, type, sign, digits = "", size] = /^([A-Za-z][\w-]*?)([=@+-])(\d+)(?::([\w-]+))?$/.exec(arg) ?? [];
  if (type === undefined) throw new UserError(`${arg} is no scaling. Write web=2, web+1 or web=2:standard-1x.`);
  const quantity = sign === "+" || sign === "-" ? `${sign}${digits}` : digits;
  return { type, quantity, ...(size !== undefined && { size }) };
}

function sizing(arg: string): { type: string; size: string } {
  const [, type, size] = /^([A-Za-z][\w-]*)=([\w-]+)$/.exec(arg) ?? [];
  if (type === undefined || size === undefined) throw new UserError(`${arg} is no size of a type. Write web=basic.`);
  return { type, size };
}

function setting(arg: string): [name: string, value: string] {
  const at = arg.indexOf("=");
  if (at < 1)
    throw new UserError(`${arg.slice(0, at < 0 ? undefined : at) || "=…"} has no name or no value. Write NAME=VALUE.`);
  return [arg.slice(0, at), arg.slice(at + 1)];
}
