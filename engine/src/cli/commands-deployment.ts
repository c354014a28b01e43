/** The commands that change what is there, or tell what would change. */
import { type Command, configFile, json, list, on, showSecrets, stack, text, yes } from "./command.ts";
import type { FlagSpecs, FlagType } from "./flags.ts";

const unsupported = "Not supported by the embedded engine";

/** What is refused by name. */
const UNSUPPORTED: Readonly<Record<string, FlagType>> = {
  "attach-debugger": "optional",
  "config-path": "boolean",
  copilot: "boolean",
  "ignore-protect": "boolean",
  neo: "boolean",
  "policy-pack": "list",
  "policy-pack-config": "list",
  remote: "boolean",
  "remote-agent-pool-id": "string",
  "remote-env": "list",
  "remote-env-secret": "list",
  "remote-executor-image": "string",
  "remote-executor-image-password": "string",
  "remote-executor-image-username": "string",
  "remote-git-auth-access-token": "string",
  "remote-git-auth-password": "string",
  "remote-git-auth-ssh-private-key": "string",
  "remote-git-auth-ssh-private-key-path": "string",
  "remote-git-auth-username": "string",
  "remote-git-branch": "string",
  "remote-git-commit": "string",
  "remote-git-repo-dir": "string",
  "remote-inherit-settings": "boolean",
  "remote-pre-run-command": "list",
  "remote-skip-install-dependencies": "boolean",
};

const DEPLOYMENT_FLAGS: FlagSpecs = {
  stack,
  "config-file": configFile,
  message: text("A message for the history", "m"),
  diff: on("Show the properties that change"),
  json,
  "expect-no-changes": on("Fail if anything would change"),
  refresh: on("Refresh the state first", "r"),
  "suppress-outputs": on("Do not show the stack's outputs"),
  "suppress-progress": on("Do not show steps as they happen"),
  "suppress-permalink": { type: "optional", help: "Accepted for compatibility" },
  "show-config": on("Accepted for compatibility"),
  "show-full-output": on("Accepted for compatibility"),
  "show-reads": on("Show lookups too"),
  "show-replacement-steps": on("Accepted for compatibility"),
  "show-policy-remediations": on("Accepted for compatibility"),
  "show-sames": on("Accepted for compatibility"),
  "show-secrets": showSecrets,
  target: list("Only this URN (globs allowed)", "t"),
  "target-dependents": on("And what depends on the targets"),
  exclude: list("All but this URN and what it needs (globs allowed)", "x"),
  "exclude-dependents": on("And not what depends on the excluded"),
  parallel: { type: "integer", short: "p", help: "How many steps at once" },
  "continue-on-error": on("Go on with what does not depend on a failed step"),
  "run-program": on("Run the program to refresh or destroy by the providers that it configures"),
  "event-log": text("Write engine events to a file or tcp://HOST:PORT"),
  client: text("The address of a running program (Automation API)"),
  "exec-kind": text("Who started the command"),
  "exec-agent": text("Who started the command"),
  ...Object.fromEntries(Object.entries(UNSUPPORTED).map(([name, type]) => [name, { type, help: unsupported }])),
};

const REPLACE_FLAGS: FlagSpecs = {
  replace: list("Replace this URN"),
  "target-replace": list("Only this URN, and replace it"),
};

const EITHER = [["target", "exclude"]];

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
      plan: text(unsupported),
    },
    alone: EITHER,
    run: async (session) => (await import("./deployment.ts")).deployment(session, "update"),
  },
  preview: {
    help: "Show what an update would do",
    args: [],
    flags: {
      ...DEPLOYMENT_FLAGS,
      ...REPLACE_FLAGS,
      config: list("Set a configuration value first", "c"),
      "save-plan": text(unsupported),
      "import-file": text(unsupported),
    },
    alone: EITHER,
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
    alone: EITHER,
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
    alone: EITHER,
    run: async (session) => (await import("./deployment.ts")).deployment(session, "destroy"),
  },
};
