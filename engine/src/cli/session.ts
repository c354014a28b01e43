/** What every command stands on: project, backend, stack, secrets. Each is found when first asked for. */
import { resolve } from "node:path";
import type { Backend } from "../state/backend.ts";
import { type Deployment, parseCheckpoint, saltOf } from "../state/checkpoint.ts";
import { ExitCode, UserError } from "../state/errors.ts";
import { readFileIfAny } from "../state/files.ts";
import { contradictionOf, IntegrityError } from "../state/integrity.ts";
import { openBackend } from "../state/open-backend.ts";
import { PassphraseManager } from "../state/passphrase.ts";
import { findProject, type Project, requireProject } from "../state/project.ts";
import { StackConfig, stackConfigPath } from "../state/stack-config.ts";
import { parseStackName, qualified, type StackName } from "../state/stack-name.ts";
import { backendUrl, type Environment, selectedStack } from "../state/workspace.ts";
import type { CommandLine, Flags } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

export class Session {
  readonly flags: Flags;
  readonly args: readonly string[];
  readonly terminal: Terminal;
  readonly directory: string;
  readonly environment: Environment;
  #backend: Promise<Backend> | undefined;
  #project: Promise<Project | undefined> | undefined;
  readonly #managers = new Map<string, PassphraseManager>();

  constructor(line: CommandLine, terminal: Terminal, directory: string, environment: Environment) {
    this.flags = line.flags;
    this.args = line.args;
    this.terminal = terminal;
    this.directory = directory;
    this.environment = environment;
  }

  projectIfAny(): Promise<Project | undefined> {
    this.#project ??= findProject(this.directory);
    return this.#project;
  }

  async project(): Promise<Project> {
    return (await this.projectIfAny()) ?? requireProject(this.directory);
  }

  backend(): Promise<Backend> {
    this.#backend ??= this.#openBackend();
    return this.#backend;
  }

  async #openBackend(): Promise<Backend> {
    const url = await backendUrl(this.environment, await this.projectIfAny());
    const backend = openBackend(url, this.directory);
    await backend.prepare();
    return backend;
  }

  /** A stack's name from what the user wrote. */
  async stackName(text: string): Promise<StackName> {
    return parseStackName(text, (await this.projectIfAny())?.name);
  }

  /** `--stack`, PULUMI_STACK or the selected stack; undefined when there is none of them. */
  async chosenStack(): Promise<StackName | undefined> {
    const named = this.flags.text("stack") || this.environment.PULUMI_STACK;
    if (named) return this.stackName(named);
    const project = await this.projectIfAny();
    if (project === undefined) return undefined;
    const selected = await selectedStack(this.environment, project, (await this.backend()).url);
    return selected === undefined ? undefined : this.stackName(selected);
  }

  /** The chosen stack, which exists. @throws UserError with exit code 6 */
  async stack(): Promise<StackName> {
    const name = await this.chosenStack();
    if (name === undefined) {
      if (!this.flags.has("stack")) await this.project();
      throw new UserError(
        "no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one",
        ExitCode.stackNotFound,
      );
    }
    return this.existing(name);
  }

  /** @throws UserError with exit code 6 when there is no such stack */
  async existing(name: StackName): Promise<StackName> {
    if (await (await this.backend()).exists(name)) return name;
    throw new UserError(`no stack named '${await this.shortName(name)}' found`, ExitCode.stackNotFound);
  }

  /** The name as people say it: without the project when it is this folder's. */
  async shortName(name: StackName): Promise<string> {
    return name.project === (await this.projectIfAny())?.name ? name.stack : qualified(name);
  }

  /** What the stack's state says last: undefined for a stack that was just made. */
  async deployment(name: StackName): Promise<Deployment | undefined> {
    const deployment = await this.deploymentAsIs(name);
    if (deployment === undefined || !this.verifies) return deployment;
    const contradiction = contradictionOf(deployment);
    if (contradiction !== undefined) throw new IntegrityError(contradiction, await this.#lastGood(name));
    return deployment;
  }

  /** The same, whether it makes sense or not. */
  async deploymentAsIs(name: StackName): Promise<Deployment | undefined> {
    const text = await (await this.backend()).read(name);
    if (text === undefined)
      throw new UserError(`no stack named '${await this.shortName(name)}' found`, ExitCode.stackNotFound);
    return parseCheckpoint(text).deployment;
  }

  /** Whether states are to make sense. */
  get verifies(): boolean {
    return !this.flags.isOn("disable-integrity-checking");
  }

  /** The newest copy of a stack's state that makes sense. */
  async #lastGood(name: StackName): Promise<string | undefined> {
    const backend = await this.backend();
    for (const place of await backend.backups(name)) {
      const text = await backend.backup(place);
      const deployment = text === undefined ? undefined : parseCheckpoint(text).deployment;
      if (deployment !== undefined && contradictionOf(deployment) === undefined) return place;
    }
    return undefined;
  }

  async config(name: StackName): Promise<StackConfig> {
    const project = await this.project();
    const file = this.flags.text("config-file");
    const path = file === undefined ? stackConfigPath(project, name.stack) : resolve(this.directory, file);
    return StackConfig.load(path, project.name);
  }

  /** The manager of a salt; the same one for the same salt, so that its key is derived once. */
  manager(salt: string): PassphraseManager {
    const known = this.#managers.get(salt);
    if (known !== undefined) return known;
    const manager = new PassphraseManager(salt, this.passphrase);
    this.#managers.set(salt, manager);
    return manager;
  }

  /** The manager of a deployment's own secrets. */
  managerOf(deployment: Deployment | undefined): PassphraseManager | undefined {
    const salt = saltOf(deployment);
    return salt === undefined ? undefined : this.manager(salt);
  }

  /**
   * The manager that a stack's new secrets are encrypted with: its file's. A file without a salt gets that of the
   * state, or a new one, and is saved.
   */
  async ensureManager(config: StackConfig, deployment: Deployment | undefined): Promise<PassphraseManager> {
    if (config.salt !== undefined) return this.manager(config.salt);
    const salt = saltOf(deployment);
    const manager = salt === undefined ? await PassphraseManager.create(this.newPassphrase) : this.manager(salt);
    this.#managers.set(manager.state, manager);
    config.salt = manager.state;
    await config.save();
    return manager;
  }

  /** The passphrase: from the environment, or asked for. */
  readonly passphrase = async (): Promise<string> => {
    const given = await this.#givenPassphrase();
    if (given !== undefined) return given;
    return this.terminal.askSecret("Enter your passphrase to unlock config/secrets: ");
  };

  readonly newPassphrase = async (): Promise<string> => {
    const given = await this.#givenPassphrase();
    if (given !== undefined) return given;
    const first = await this.terminal.askSecret("Enter your passphrase to protect config/secrets: ");
    const second = await this.terminal.askSecret("Re-enter your passphrase to confirm: ");
    if (first !== second) throw new UserError("passphrases do not match");
    return first;
  };

  async #givenPassphrase(): Promise<string | undefined> {
    const { PULUMI_CONFIG_PASSPHRASE: value, PULUMI_CONFIG_PASSPHRASE_FILE: file } = this.environment;
    if (value !== undefined) return value;
    if (file) {
      const text = await readFileIfAny(file);
      if (text === undefined) throw new UserError(`PULUMI_CONFIG_PASSPHRASE_FILE: ${file} does not exist`);
      return text.trim();
    }
    if (this.terminal.interactive) return undefined;
    throw new UserError(
      "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
    );
  }
}
