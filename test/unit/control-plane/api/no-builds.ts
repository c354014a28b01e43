import { UserError } from "../../../../lib/errors.ts";
import type { Builds } from "../../../../services/control-plane/api/ports.ts";

/** For tests that build nothing. */
export const noBuilds: Builds = {
  source: async () => Promise.reject(new UserError("there are no sources")),
  create: async () => Promise.reject(new UserError("there are no builds")),
  keep: async () => Promise.reject(new UserError("there are no builds")),
  list: () => [],
  get: () => undefined,
  log: async () => "",
  async *follow() {},
  releaseCommand: async (_app, _after, before) =>
    before === Date.UTC(2026, 0, 1) ? "20260101T000000000Z-abcdef" : undefined,
  releaseOutput: async () => "-----> Running the release command\n       migrated\n",
};
