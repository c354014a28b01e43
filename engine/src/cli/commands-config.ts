/** `pulumi config …`. */
import { type Command, configFile, json, list, on, path, showSecrets, stack, text, yes } from "./command.ts";

export const CONFIG_COMMANDS: Readonly<Record<string, Command>> = {
  config: {
    help: "Show a stack's configuration",
    args: [],
    flags: { stack, "config-file": configFile, json, "show-secrets": showSecrets },
    run: async (session) => (await import("./config.ts")).configList(session),
  },
  "config get": {
    help: "Get one value",
    args: ["KEY"],
    flags: { stack, "config-file": configFile, json, path },
    run: async (session) => (await import("./config.ts")).configGet(session),
  },
  "config set": {
    help: "Set a value; without one it is read from standard input",
    args: ["KEY", "VALUE"],
    optional: 1,
    flags: {
      stack,
      "config-file": configFile,
      path,
      secret: on("Encrypt the value"),
      plaintext: on("Do not encrypt the value"),
      type: text("With --path: string, int, bool or float"),
    },
    run: async (session) => (await import("./config.ts")).configSet(session),
  },
  "config set-all": {
    help: "Set several values",
    args: [],
    flags: {
      stack,
      "config-file": configFile,
      path,
      secret: list("KEY=VALUE, encrypted"),
      plaintext: list("KEY=VALUE, in clear"),
      json: text("Values as 'pulumi config --json' prints them"),
    },
    run: async (session) => (await import("./config.ts")).configSetAll(session),
  },
  "config rm": {
    help: "Remove a value",
    args: ["KEY"],
    flags: { stack, "config-file": configFile, path },
    run: async (session) => (await import("./config.ts")).configRemove(session),
  },
  "config rm-all": {
    help: "Remove several values",
    args: ["KEY"],
    variadic: true,
    flags: { stack, "config-file": configFile, path },
    run: async (session) => (await import("./config.ts")).configRemove(session),
  },
  "config cp": {
    help: "Copy values to another stack",
    args: ["KEY"],
    optional: 1,
    flags: { stack, "config-file": configFile, path, dest: text("The stack to copy to", "d") },
    run: async (session) => (await import("./config.ts")).configCopy(session),
  },
  "config refresh": {
    help: "Set the file to what the last update used",
    args: [],
    flags: { stack, "config-file": configFile, force: on("Overwrite the file", "f") },
    run: async (session) => (await import("./config.ts")).configRefresh(session),
  },
  "config env": {
    help: "Not supported by file backends",
    args: ["ACTION"],
    optional: 1,
    variadic: true,
    flags: { stack, json, yes },
    run: async () => (await import("./config.ts")).configEnv(),
  },
};
