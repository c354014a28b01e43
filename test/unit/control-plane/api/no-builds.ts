import type { Builds } from "../../../../services/control-plane/api/ports.ts";

/** For tests that build nothing. */
export const noBuilds: Builds = {
  source: async () => Promise.reject(new Error("there are no sources")),
  create: async () => Promise.reject(new Error("there are no builds")),
  keep: async () => Promise.reject(new Error("there are no builds")),
  list: () => [],
  get: () => undefined,
  log: async () => "",
  async *follow() {},
};
