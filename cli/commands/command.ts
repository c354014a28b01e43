import type { ParseArgsConfig } from "node:util";

type Options = NonNullable<ParseArgsConfig["options"]>;
export type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** A verb of the `dynoform` command. */
export interface Command {
  /** One line for the list of verbs. */
  readonly summary: string;
  /** The whole help text. */
  readonly help: string;
  readonly options: Options;
  /** Fails with a UserError for what the user can mend. */
  run(values: Values): Promise<void>;
}
