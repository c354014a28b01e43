import { join } from "node:path";
import { parse, stringify } from "yaml";
import { UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import type { ReviewSettings } from "../../../model/app/review.ts";
import { appNames, appSettingsOf, isPlatform, platformStack } from "../../../model/stack/declared.ts";
import { APP, DEFAULT_PLATFORM_STACK, KEY } from "../../../model/stack/keys.ts";
import { findProject, readStackFiles } from "../../../model/stack/project.ts";
import { newKey } from "../../stacks/new-stack.ts";
import type { DeclaredApp } from "./declared.ts";
import { checkName, randomId, randomName, takenName } from "./names.ts";

interface NewAppsOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** The platform's name. */
  readonly platform: string;
  readonly domain: string;
  list(): Promise<readonly DeclaredApp[]>;
}

/** An app that is not there yet. */
interface NewApp {
  readonly id: string;
  readonly stack: string;
  readonly path: string;
  /** Of its stack file. */
  readonly text: string;
}

interface DescribeOptions {
  readonly keyed?: boolean;
  readonly review?: ReviewSettings | undefined;
}

/** What apps to come are called, and what their stack files say. */
export class NewApps {
  readonly #options: NewAppsOptions;

  constructor(options: NewAppsOptions) {
    this.#options = options;
  }

  /** @param wanted undefined: a random one @param review whether it is a review app's @throws NameRefused */
  async name(wanted: string | undefined, review = false): Promise<string> {
    if (wanted !== undefined) {
      checkName(wanted, review);
      await this.checkFree(wanted);
      return wanted;
    }
    const names = new Set((await this.#options.list()).map(({ name }) => name));
    for (;;) {
      const name = randomName();
      if (!names.has(name)) return name;
    }
  }

  /** @throws NameRefused when an app of the platform has the name, or is served at what would be its host */
  async checkFree(name: string): Promise<void> {
    const { list, domain } = this.#options;
    const taken = (await list()).some((app) => app.name === name || app.hosts.includes(`${name}.${domain}`));
    if (taken) throw takenName(name);
  }

  /**
   * In the name's turn.
   *
   * @param options `keyed`: with a key in plain, for what is thrown away; `review`: of a review app
   * @throws NameRefused
   */
  async describe(name: string, options: DescribeOptions = {}): Promise<NewApp> {
    await this.checkFree(name);
    const project = await findProject(this.#options.project);
    const files = await readStackFiles(project);
    const stacks = new Set(files.map((file) => file.stack));
    const platform = files.find((file) => isPlatform(file, this.#options.platform))?.stack ?? DEFAULT_PLATFORM_STACK;
    // An app that has another name by now keeps its stack.
    let stack = name;
    for (let number = 2; stacks.has(stack); number++) stack = `${name}-${number}`;
    const id = randomId(name);
    const settings = {
      id,
      ...(stack !== name && { name }),
      ...(platform !== DEFAULT_PLATFORM_STACK && { platform }),
      ...(options.review !== undefined && { review: options.review }),
    };
    const key = options.keyed === true ? { [KEY]: newKey() } : {};
    return {
      id,
      stack,
      path: join(project.stackDirectory, `Pulumi.${stack}.yaml`),
      text: stringify({ config: { [APP]: settings, ...key } }),
    };
  }

  /**
   * What a stack file that comes from elsewhere declares, in the name's turn.
   *
   * @throws NameRefused, and UserError for a file that is not one of a new app of this platform
   */
  async declared(stack: string, text: string): Promise<NewApp> {
    const { list, platform } = this.#options;
    const config: unknown = parse(text)?.config;
    const settings = appSettingsOf(isRecord(config) ? config : {});
    const { name, id } = appNames(settings, stack);
    await this.checkFree(name);
    const project = await findProject(this.#options.project);
    const files = await readStackFiles(project);
    if (files.some((file) => file.stack === stack))
      throw new UserError(`there is a stack ${stack} on this host already, which is no app of this platform.`);
    if (!files.some((file) => file.stack === platformStack(settings) && isPlatform(file, platform))) {
      throw new UserError(
        `${stack} is an app of ${platformStack(settings)}, which is not the platform that was asked.`,
      );
    }
    // Databases and repositories are found by it.
    const other = (await list()).find((app) => app.id === id);
    if (other !== undefined) throw new UserError(`${stack} has the id of ${other.name}. Give it another.`);
    return { id, stack, path: join(project.stackDirectory, `Pulumi.${stack}.yaml`), text };
  }
}
