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
  /**
   * Whether it takes arguments besides options; `words`: they are another command, whose options are its own.
   * @default it takes none
   */
  readonly positionals?: "arguments" | "words";
  /**
   * The exit code of wrong usage.
   * @default 2
   */
  readonly misuse?: number;
  /**
   * Fails with a UserError for what the user can mend.
   *
   * @returns the exit code, if it is not 0
   */
  run(values: Values, positionals: readonly string[]): Promise<void> | Promise<number>;
}

/** What the commands about one app have in common. */
export const appOption = { app: { type: "string", short: "a" } } as const;
