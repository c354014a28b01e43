import * as pulumi from "@pulumi/pulumi";
import { Problems } from "../../lib/validation/problems.ts";
import { type Environment, type EnvironmentValue, environment } from "../environment.ts";

export interface ConfigVarsArgs {
  /** Names to values; all of them become secrets. */
  readonly values: Readonly<Record<string, EnvironmentValue>>;
  /**
   * Names that add-ons set, which no config var may have.
   * @default []
   */
  readonly attached?: readonly string[];
}

/**
 * An app's config vars: checked, and secret. Several apps may share them.
 *
 * @example
 * const mail = new ConfigVars("mail", { values: { MAIL_HOST: "smtp.example.com" } });
 * new App("shop", { platform, source: { path: "." }, config: mail.environment });
 */
export class ConfigVars extends pulumi.ComponentResource {
  /** As the environment of an `App` or a `Dyno`. */
  readonly environment: Environment;

  constructor(name: string, args: ConfigVarsArgs, opts?: pulumi.ComponentResourceOptions) {
    const problems = new Problems();
    const values = environment(args.attached)(args.values, `ConfigVars ${name}: values`, problems);
    problems.check();
    super("dynoform:index:ConfigVars", name, {}, opts);
    this.environment = values ?? {};
    this.registerOutputs({ names: Object.keys(this.environment).sort() });
  }
}
