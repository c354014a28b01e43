import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../lib/package-root.ts";
import { print } from "../output.ts";
import type { Command } from "./command.ts";

export const schemaCommand: Command = {
  summary: "print the JSON Schema of stack files, by which editors complete and check them",
  help: `Usage: dynoform schema

Editors that know the YAML language server take it from a stack file's first line:

  # yaml-language-server: $schema=PATH
`,
  options: {},
  async run() {
    print((await readFile(join(packageRoot(), "docs/reference/stack-file.schema.json"), "utf8")).trimEnd());
  },
};
