import type { CallContext } from "../../engine/src/plugin/contract.ts";
import { RouterClient, type RouterEntry, RouterUnreachable } from "../../services/router-client/client.ts";
import {
  boolean,
  integer,
  list,
  number,
  object,
  oneOf,
  type ResourceDefinition,
  text,
  withDefault,
} from "../kit/index.ts";
import { deployRoute, type RouteInputs } from "./deploy.ts";

type Outputs = RouteInputs & { revision: number };

/**
 * An app's entry in the router's table. It takes effect whole or not at all, because after an update that failed the
 * state keeps the old inputs, and the next deployment with them has nothing to do here.
 */
export const route: ResourceDefinition<RouteInputs, Outputs> = {
  inputs: {
    platform: text(),
    socket: text(),
    app: text({ pattern: /^[a-z0-9-]+$/, allowed: "lower-case letters, digits and dashes" }),
    hosts: list(text({ pattern: /^(\*\.)?[a-z0-9.-]+$/, allowed: "a host name without port" })),
    dynos: list(object({ name: text(), port: integer({ min: 1, max: 65535 }), dyno: text() })),
    deployed: boolean(),
    // What was deployed before there was this has it not.
    maintenance: withDefault(boolean(), false),
    redirect: withDefault(boolean(), false),
    hsts: withDefault(number(), 0),
    healthCheck: object({
      type: oneOf("no-worse", "http", "tcp"),
      path: text({ pattern: /^\/[!-~]*$/, allowed: "a path that begins with /" }),
      timeout: number(),
    }),
    drain: number(),
  },
  computed: ["revision"],
  replaceOn: ["platform", "app"],
  async changed({ inputs }, call) {
    try {
      const entry = await new RouterClient(inputs.socket).get(inputs.app, call.signal, { patient: false });
      if (!entry) return ["dynos"];
      const [there, declared] = [namesOf(entry), namesOf(inputs)];
      return COMPARED.filter((property) => there[property] !== declared[property]);
    } catch (error) {
      // A router that is down says nothing about its table.
      if (error instanceof RouterUnreachable) return [];
      throw error;
    }
  },
  create: async (inputs, call) => ({ id: inputs.app, outputs: await deploy(inputs, call) }),
  async read({ inputs, outputs }, call) {
    const entry = await new RouterClient(inputs.socket).get(inputs.app, call.signal);
    return entry && { ...outputs, revision: entry.revision };
  },
  update: (_state, news, call) => deploy(news, call),
  async delete({ inputs }, call) {
    await new RouterClient(inputs.socket).remove(inputs.app, call.signal);
  },
  async recover(inputs, call) {
    const entry = await new RouterClient(inputs.socket).get(inputs.app, call.signal);
    return entry && { id: inputs.app, outputs: { ...inputs, revision: entry.revision } };
  },
};

async function deploy(inputs: RouteInputs, call: CallContext): Promise<Outputs> {
  return { ...inputs, revision: await deployRoute(inputs, call) };
}

/** What an entry is compared by. */
const COMPARED = ["dynos", "hosts", "maintenance", "redirect", "hsts"] as const;

function namesOf(entry: Pick<RouterEntry, (typeof COMPARED)[number]>) {
  const { dynos, hosts, maintenance = false, redirect = false, hsts = 0 } = entry;
  return {
    maintenance,
    redirect,
    hsts,
    dynos: dynos
      .map(({ name, port }) => `${name}:${port}`)
      .sort()
      .join(" "),
    hosts: [...hosts].sort().join(" "),
  };
}
