/** The commands that change what is there, or tell what would change. */
import { type Command, configFile, json, list, on, showSecrets, stack, text, yes } from "./command.ts";
import type { FlagSpecs } from "./flags.ts";

const DEPLOYMENT_FLAGS: FlagSpecs = {
  stack,
  "config-file": configFile,
  message: text("A message for the history", "m"),
  diff: on("Show the properties that change"),
  json,
  "expect-no-changes": on("Fail if anything would change"),
  refresh: { type: "optional", short: "r", help: "Refresh the state first" },
  "suppress-outputs": on("Do not show the stack's outputs"),
  "suppress-progress": on("Do not show steps as they happen"),
  "suppress-permalink": { type: "optional", help: "Accepted for compatibility" },
  "show-config": on("Accepted for compatibility"),
  "show-full-output": on("Accepted for compatibility"),
  "show-reads": on("Show lookups too"),
  "show-replacement-steps": on("Accepted for compatibility"),
  "show-sames": on("Accepted for compatibility"),
  "show-secrets": showSecrets,
  target: list("Only this URN (globs allowed)", "t"),
  "target-dependents": on("And what depends on the targets"),
  exclude: list("All but this URN (globs allowed)"),
  "exclude-dependents": on("And not what depends on the excluded"),
  parallel: { type: "integer", short: "p", help: "How many steps at once" },
  "continue-on-error": on("Go on with what does not depend on a failed step"),
  "run-program": { type: "optional", help: "Run the program for refresh and destroy too" },
  "event-log": text("Write engine events to a file or tcp://HOST:PORT"),
  client: text("The address of a running program (Automation API)"),
  "exec-kind": text("Who started the command"),
  "exec-agent": text("Who started the command"),
  "attach-debugger": { type: "optional", help: "Not supported by the embedded engine" },
  "policy-pack": list("Not supported by the embedded engine"),
  "policy-pack-config": list("Not supported by the embedded engine"),
  remote: on("Not supported by the embedded engine"),
};

const REPLACE_FLAGS: FlagSpecs = {
  replace: list("Replace this URN"),
  "target-replace": list("Only this URN, and replace it"),
};

const CONFIRM_FLAGS: FlagSpecs = { yes, "skip-preview": on("Do not preview first", "f") };

export const DEPLOYMENT_COMMANDS: Readonly<Record<string, Command>> = {
  up: {
    help: "Create or update the resources in a stack",
    args: [],
    flags: {
      ...DEPLOYMENT_FLAGS,
      ...REPLACE_FLAGS,
      ...CONFIRM_FLAGS,
      config: list("Set a configuration value first", "c"),
      plan: text("Not supported by the embedded engine"),
    },
    run: async (session) => (await import("./deployment.ts")).deployment(session, "update"),
  },
  preview: {
    help: "Show what an update would do",
    args: [],
    flags: {
      ...DEPLOYMENT_FLAGS,
      ...REPLACE_FLAGS,
      config: list("Set a configuration value first", "c"),
      "save-plan": text("Not supported by the embedded engine"),
      "import-file": text("Not supported by the embedded engine"),
    },
    run: async (session) => (await import("./deployment.ts")).preview(session),
  },
  refresh: {
    help: "Make the state what really is there",
    args: [],
    flags: {
      ...DEPLOYMENT_FLAGS,
      ...CONFIRM_FLAGS,
      "preview-only": on("Only show what would change"),
      "clear-pending-creates": on("Forget creations that were interrupted"),
    },
    run: async (session) => (await import("./deployment.ts")).deployment(session, "refresh"),
  },
  destroy: {
    help: "Delete all resources of a stack",
    args: [],
    flags: {
      ...DEPLOYMENT_FLAGS,
      ...CONFIRM_FLAGS,
      "preview-only": on("Only show what would be deleted"),
      remove: on("Remove the stack and its settings file when it is empty"),
      "exclude-protected": on("Leave protected resources"),
    },
    run: async (session) => (await import("./deployment.ts")).deployment(session, "destroy"),
  },
};
