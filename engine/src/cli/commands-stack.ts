/** `pulumi stack …`. */
import { type Command, json, on, showSecrets, stack, text, yes } from "./command.ts";

export const STACK_COMMANDS: Readonly<Record<string, Command>> = {
  stack: {
    help: "Show a stack",
    args: [],
    flags: {
      stack,
      "show-ids": on("Show ids", "i"),
      "show-name": on("Show only the name"),
      "show-secrets": showSecrets,
      "show-urns": on("Show URNs", "u"),
    },
    run: async (session) => (await import("./stack-state.ts")).stackShow(session),
  },
  "stack init": {
    help: "Make a stack and select it",
    args: ["NAME"],
    optional: 1,
    flags: {
      stack,
      "secrets-provider": text("Only 'passphrase'"),
      "no-select": on("Do not select it"),
      "copy-config-from": text("Take another stack's values"),
    },
    run: async (session) => (await import("./stack.ts")).stackInit(session),
  },
  "stack select": {
    help: "Select a stack",
    args: ["NAME"],
    optional: 1,
    flags: { stack, create: on("Make it if there is none", "c"), "secrets-provider": text("Only 'passphrase'") },
    run: async (session) => (await import("./stack.ts")).stackSelect(session),
  },
  "stack unselect": {
    help: "Select no stack",
    args: [],
    flags: {},
    run: async (session) => (await import("./stack.ts")).stackUnselect(session),
  },
  "stack ls": {
    help: "List stacks",
    args: [],
    flags: { json, all: on("Of all projects", "a"), project: text("Of this project", "p") },
    run: async (session) => (await import("./stack.ts")).stackList(session),
  },
  "stack rm": {
    help: "Remove a stack",
    args: ["NAME"],
    optional: 1,
    flags: { stack, yes, force: on("Even if resources remain", "f"), "preserve-config": on("Keep its settings file") },
    run: async (session) => (await import("./stack.ts")).stackRemove(session),
  },
  "stack rename": {
    help: "Rename a stack",
    args: ["NAME"],
    flags: { stack },
    run: async (session) => (await import("./stack.ts")).stackRename(session),
  },
  "stack output": {
    help: "Show a stack's outputs",
    args: ["NAME"],
    optional: 1,
    flags: { stack, json, shell: on("Print a shell script"), "show-secrets": showSecrets },
    run: async (session) => (await import("./stack-state.ts")).stackOutput(session),
  },
  "stack export": {
    help: "Print a stack's state",
    args: [],
    flags: { stack, file: text("Write to this file"), "show-secrets": showSecrets },
    run: async (session) => (await import("./stack-state.ts")).stackExport(session),
  },
  "stack import": {
    help: "Replace a stack's state",
    args: [],
    flags: { stack, file: text("Read from this file"), force: on("Even if it looks wrong", "f") },
    run: async (session) => (await import("./stack-state.ts")).stackImport(session),
  },
  "stack history": {
    help: "Show what was done",
    args: [],
    flags: {
      stack,
      json,
      "show-secrets": showSecrets,
      "full-dates": on("Accepted for compatibility"),
      "page-size": { type: "integer", help: "Entries on a page; 10 by default" },
      page: { type: "integer", help: "Which page, from 1" },
    },
    run: async (session) => (await import("./stack-state.ts")).stackHistory(session),
  },
  "stack tag get": {
    help: "Get a tag",
    args: ["NAME"],
    flags: { stack },
    run: async (session) => (await import("./stack.ts")).stackTag(session, "get"),
  },
  "stack tag set": {
    help: "Set a tag",
    args: ["NAME", "VALUE"],
    flags: { stack },
    run: async (session) => (await import("./stack.ts")).stackTag(session, "set"),
  },
  "stack tag rm": {
    help: "Remove a tag",
    args: ["NAME"],
    flags: { stack },
    run: async (session) => (await import("./stack.ts")).stackTag(session, "rm"),
  },
  "stack tag ls": {
    help: "List tags",
    args: [],
    flags: { stack, json },
    run: async (session) => (await import("./stack.ts")).stackTag(session, "ls"),
  },
};
