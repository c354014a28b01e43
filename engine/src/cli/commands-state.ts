/** `pulumi state …`. */
import { type Command, on, stack, yes } from "./command.ts";

const EDITED = { stack, yes };

export const STATE_COMMANDS: Readonly<Record<string, Command>> = {
  "state delete": {
    help: "Forget resources, which stay as they are",
    args: ["URN"],
    optional: 1,
    variadic: true,
    flags: {
      ...EDITED,
      all: on("All resources of the stack"),
      force: on("Protected ones too"),
      "target-dependents": on("And what depends on them"),
    },
    run: async (session) => (await import("./state.ts")).stateDelete(session),
  },
  "state rename": {
    help: "Give a resource another name",
    args: ["URN", "NAME"],
    flags: EDITED,
    run: async (session) => (await import("./state.ts")).stateRename(session),
  },
  "state protect": {
    help: "Keep resources from being deleted",
    args: ["URN"],
    optional: 1,
    variadic: true,
    flags: { ...EDITED, all: on("All resources of the stack") },
    run: async (session) => (await import("./state.ts")).stateProtect(session, true),
  },
  "state unprotect": {
    help: "Let resources be deleted",
    args: ["URN"],
    optional: 1,
    variadic: true,
    flags: { ...EDITED, all: on("All resources of the stack") },
    run: async (session) => (await import("./state.ts")).stateProtect(session, false),
  },
};
