import type { CallContext } from "../../engine/src/plugin/contract.ts";
import { chainProblem } from "../../model/app/certificate-chain.ts";
import { RouterClient, RouterUnreachable } from "../../services/router-client/client.ts";
import { anyText, list, type ResourceDefinition, text } from "../kit/index.ts";

type Inputs = {
  platform: string;
  /** The router's admin socket. */
  socket: string;
  /** In the router, where those of all apps lie together. */
  name: string;
  hosts: string[];
  chain: string;
  key: string;
};

/** A certificate of the router's for some host names. It takes effect whole or not at all; open connections stay. */
export const certificate: ResourceDefinition<Inputs, Inputs> = {
  inputs: {
    platform: text(),
    socket: text(),
    name: text({ pattern: /^[a-z0-9][a-z0-9.-]*$/, allowed: "lower-case letters, digits, dashes and dots" }),
    hosts: list(text({ pattern: /^(\*\.)?[a-z0-9.-]+$/, allowed: "a host name without port" })),
    chain: anyText(),
    key: anyText(),
  },
  computed: [],
  replaceOn: ["platform", "name"],
  // Two of one name are one in the router: what is deleted after would be the new one.
  deleteBeforeReplace: true,
  async changed({ inputs }, call) {
    try {
      const there = (await new RouterClient(inputs.socket).certificate(inputs.name, call.signal, {
        patient: false,
      })) ?? {
        hosts: [],
        chain: "",
      };
      const sorted = (hosts: readonly string[]) => [...hosts].sort().join(" ");
      return [
        ...(there.chain === inputs.chain ? [] : ["chain" as const]),
        ...(sorted(there.hosts) === sorted(inputs.hosts) ? [] : ["hosts" as const]),
      ];
    } catch (error) {
      // A router that is down says nothing about what it has.
      if (error instanceof RouterUnreachable) return [];
      throw error;
    }
  },
  create: async (inputs, call) => ({ id: inputs.name, outputs: await put(inputs, call) }),
  async read({ inputs, outputs }, call) {
    const there = await new RouterClient(inputs.socket).certificate(inputs.name, call.signal);
    return there && outputs;
  },
  update: (_state, news, call) => put(news, call),
  async delete({ inputs }, call) {
    await new RouterClient(inputs.socket).removeCertificate(inputs.name, call.signal);
  },
  async recover(inputs, call) {
    const there = await new RouterClient(inputs.socket).certificate(inputs.name, call.signal);
    return there?.chain === inputs.chain ? { id: inputs.name, outputs: inputs } : undefined;
  },
};

async function put(inputs: Inputs, call: CallContext): Promise<Inputs> {
  const { name, hosts, chain, key } = inputs;
  const problem = chainProblem(chain, key);
  if (problem !== undefined) throw new Error(`the certificate ${name} ${problem}`);
  await new RouterClient(inputs.socket).putCertificate(name, { hosts, chain, key }, call.signal);
  return inputs;
}
