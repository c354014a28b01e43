/** All commands, by their words. Their code is loaded when they run. */
import { type Command, json, on, stack, text, yes } from "./command.ts";
import { CONFIG_COMMANDS } from "./commands-config.ts";
import { DEPLOYMENT_COMMANDS } from "./commands-deployment.ts";
import { STACK_COMMANDS } from "./commands-stack.ts";
import { STATE_COMMANDS } from "./commands-state.ts";

export const COMMANDS: Readonly<Record<string, Command>> = {
  ...DEPLOYMENT_COMMANDS,
  ...CONFIG_COMMANDS,
  ...STACK_COMMANDS,
  ...STATE_COMMANDS,
  version: {
    help: "Print the version",
    args: [],
    flags: {},
    run: async (session) => (await import("./misc.ts")).version(session),
  },
  about: {
    help: "Print what there is to know about the engine and the project",
    args: [],
    flags: { stack, json, transitive: on("Accepted for compatibility", "t") },
    run: async (session) => (await import("./about.ts")).about(session),
  },
  whoami: {
    help: "Print who is logged in",
    args: [],
    flags: { json, verbose: on("With the backend", "v") },
    run: async (session) => (await import("./misc.ts")).whoami(session),
  },
  login: {
    help: "Choose where states are kept (file:// only)",
    args: ["URL"],
    optional: 1,
    flags: { local: on("In the home folder", "l"), "cloud-url": text("The backend's URL", "c") },
    run: async (session) => (await import("./misc.ts")).login(session),
  },
  logout: {
    help: "Forget where states are kept",
    args: ["URL"],
    optional: 1,
    flags: { all: on("All backends"), local: on("The home folder", "l") },
    run: async (session) => (await import("./misc.ts")).logout(session),
  },
  cancel: {
    help: "Remove a stack's locks",
    args: ["NAME"],
    optional: 1,
    flags: { stack, yes },
    run: async (session) => (await import("./misc.ts")).cancel(session),
  },
  install: {
    help: "Nothing to do: accepted for compatibility",
    args: [],
    flags: {
      "no-dependencies": on("Accepted for compatibility"),
      "no-plugins": on("Accepted for compatibility"),
      reinstall: on("Accepted for compatibility"),
      "use-language-version-tools": on("Accepted for compatibility"),
    },
    run: async (session) => (await import("./misc.ts")).install(session),
  },
  "plugin ls": {
    help: "List the plugins that are installed and the providers that the project names",
    args: [],
    flags: { json, project: on("Only those that the project names", "p") },
    run: async (session) => (await import("./plugin.ts")).pluginList(session),
  },
  "plugin install": {
    help: "Install a plugin from a file (--file); none is downloaded",
    args: ["KIND", "NAME", "VERSION"],
    optional: 3,
    flags: {
      file: text("The plugin's executable, a folder that has it, or one packed as .tar.gz", "f"),
      server: text("Accepted for compatibility"),
      exact: on("Accepted for compatibility"),
      reinstall: on("Accepted for compatibility"),
    },
    run: async (session) => (await import("./plugin.ts")).pluginInstall(session),
  },
  "plugin rm": {
    help: "Remove installed plugins",
    args: ["KIND", "NAME", "RANGE"],
    optional: 3,
    flags: { yes, all: on("All plugins", "a") },
    run: async (session) => (await import("./plugin.ts")).pluginRemove(session),
  },
  "org get-default": {
    help: "Not supported by file backends",
    args: [],
    flags: {},
    run: async () => (await import("./misc.ts")).orgDefault(),
  },
  "org set-default": {
    help: "Not supported by file backends",
    args: ["NAME"],
    flags: {},
    run: async () => (await import("./misc.ts")).orgDefault(),
  },
  ...unsupported("import", "Importing resources by a command", "use the resource option 'import' in the program"),
  ...unsupported("policy", "Policy as code", "install the real CLI"),
  ...unsupported("env", "Pulumi ESC", "install the real CLI"),
  ...unsupported("new", "Making projects from templates", "write a Pulumi.yaml, or install the real CLI"),
  ...unsupported("watch", "Watching", "run 'pulumi up'"),
  ...unsupported("package", "Working with packages", "install the real CLI"),
  ...Object.assign(
    {},
    ...["edit", "move", "repair", "taint", "untaint", "upgrade"].map((word) =>
      unsupported(`state ${word}`, `'pulumi state ${word}'`, "edit what 'pulumi stack export' prints and import it"),
    ),
  ),
  ...unsupported("convert", "Converting programs", "install the real CLI"),
};

/** Other names of commands, as the real CLI has them. */
export const ALIASES: Readonly<Record<string, string>> = {
  update: "up",
  pre: "preview",
  down: "destroy",
  dn: "destroy",
  "config list": "config",
  "config copy": "config cp",
  "config remove": "config rm",
  "config delete": "config rm",
  "config remove-all": "config rm-all",
  "config delete-all": "config rm-all",
  "plugin list": "plugin ls",
  "plugin remove": "plugin rm",
  "plugin delete": "plugin rm",
  "stack create": "stack init",
  "stack delete": "stack rm",
  "stack hist": "stack history",
  "stack list": "stack ls",
  "stack new": "stack init",
  "stack remove": "stack rm",
  "stack setup": "stack init",
  "stack tag delete": "stack tag rm",
  "stack tag list": "stack tag ls",
  "stack tag remove": "stack tag rm",
  "state remove": "state delete",
  "state rm": "state delete",
};

function unsupported(word: string, what: string, instead: string): Record<string, Command> {
  return {
    [word]: {
      help: "Not supported by the embedded engine",
      args: [],
      variadic: true,
      flags: "any",
      run: async () =>
        (await import("./misc.ts")).refuse(`${what} is not supported by the embedded engine; ${instead}`),
    },
  };
}
