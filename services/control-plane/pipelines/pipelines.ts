import { UserError } from "../../../lib/errors.ts";
import { Problems } from "../../../lib/validation/problems.ts";
import { configVarProblem } from "../../../model/names.ts";
import { pipelineName } from "../../../model/pipeline/settings.ts";
import { REVIEW_CONFIG, TEST_CONFIG } from "../../../model/stack/keys.ts";
import { seal } from "../../stacks/seal.ts";
import { NameRefused } from "../apps/names.ts";
import type { StackChanges } from "../apps/stack-changes.ts";
import type { LinkFileOptions } from "../github/link-file.ts";
import type { Connection, DeclaredLink, Links } from "../github/ports.ts";
import type { Act, AppLock } from "../types.ts";
import { newPipeline, PipelineFile } from "./file.ts";
import type { PipelineOutputsReader } from "./outputs.ts";
import {
  type ConfigStage,
  type Coupling,
  type DeclaredPipeline,
  type Pipelines,
  type ReviewAppsChange,
  STAGES,
  type Stage,
} from "./ports.ts";

/** The key of the stack file with the config vars of a stage. */
const CONFIG: Readonly<Record<ConfigStage, string>> = {
  review: REVIEW_CONFIG,
  test: TEST_CONFIG,
};

interface PlatformPipelinesOptions {
  readonly file: LinkFileOptions;
  /** What the pipelines' files declare at this moment. */
  list(): Promise<readonly DeclaredPipeline[]>;
  readonly changes: StackChanges;
  readonly lock: AppLock;
  readonly outputs: PipelineOutputsReader;
  readonly links: Pick<Links, "list" | "take" | "give" | "repository">;
  /** Told before a pipeline is made. @param id its own @param owner the id of an account */
  making(id: string, owner: string): void;
  /** Told when a pipeline is no more. */
  gone(pipeline: DeclaredPipeline): void;
}

/** The pipelines of a platform. Each change edits a pipeline's stack file and brings its stack up. */
export class PlatformPipelines implements Pipelines {
  readonly #options: PlatformPipelinesOptions;

  constructor(options: PlatformPipelinesOptions) {
    this.#options = options;
  }

  list(): Promise<readonly DeclaredPipeline[]> {
    return this.#options.list();
  }

  async of(app: string): Promise<Coupling | undefined> {
    for (const pipeline of await this.list()) {
      const stage = STAGES.find((each) => pipeline.stages[each].includes(app));
      if (stage !== undefined) return { pipeline, app, stage };
    }
    return undefined;
  }

  create(name: string, act: Act, owner: string): Promise<DeclaredPipeline> {
    const { file, changes, making } = this.#options;
    return this.#naming(name, async () => {
      const { id, ...made } = await newPipeline(file, name);
      making(id, owner);
      await changes.create(made.stack, made, act);
      return this.#known(made.stack);
    });
  }

  rename(pipeline: DeclaredPipeline, to: string, act: Act): Promise<DeclaredPipeline> {
    return this.#naming(to, async () => {
      await this.#edit(pipeline, act, (file, { id }) => file.name(to, id));
      return this.#known(pipeline.stack);
    });
  }

  async destroy(pipeline: DeclaredPipeline, act: Act): Promise<void> {
    const { changes, links, outputs, gone } = this.#options;
    const destroy = () =>
      this.#inTurn(pipeline, async () => {
        await changes.destroy(pipeline.stack, await this.#known(pipeline.stack), act);
        outputs.forget(pipeline.stack);
        gone(pipeline);
      });
    // A repository that nothing takes anything from any more goes along.
    if (pipeline.github === undefined) await destroy();
    else await links.give(pipeline.github, act, destroy);
  }

  async couple(pipeline: DeclaredPipeline, app: string, stage: Stage, act: Act): Promise<Coupling> {
    const { lock } = this.#options;
    await lock.run(`the pipeline of ${app}`, "a change", async () => {
      const present = await this.of(app);
      if (present !== undefined && present.pipeline.stack !== pipeline.stack) {
        throw new UserError(`${app} is in the pipeline ${present.pipeline.name} already. Remove it there first.`);
      }
      if (present?.stage !== stage) await this.#edit(pipeline, act, (file) => file.place(app, stage));
    });
    return { pipeline: await this.#known(pipeline.stack), app, stage };
  }

  async uncouple({ pipeline, app }: Coupling, act: Act): Promise<void> {
    await this.#edit(pipeline, act, (file) => file.place(app, undefined));
  }

  async config({ stack }: DeclaredPipeline, stage: ConfigStage): Promise<Readonly<Record<string, string>>> {
    return (await this.#options.outputs.of(stack))[stage];
  }

  async setConfig(
    pipeline: DeclaredPipeline,
    stage: ConfigStage,
    changes: Readonly<Record<string, string | null>>,
    act: Act,
  ): Promise<Readonly<Record<string, string>>> {
    for (const name of Object.keys(changes)) {
      const wrong = configVarProblem(name);
      if (wrong !== undefined && changes[name] !== null) throw new UserError(`${name} ${wrong}.`);
    }
    const before = await this.config(pipeline, stage);
    const differing = Object.entries(changes).filter(([name, value]) => value !== (before[name] ?? null));
    if (differing.length === 0) return before;
    const { runner, scratch } = this.#options.file;
    const given = differing.filter((entry): entry is [string, string] => entry[1] !== null);
    await this.#edit(pipeline, act, async (file, place) => {
      const sealed = await seal(runner, scratch, place, CONFIG[stage], new Map(given));
      for (const [name] of differing) file.secure(CONFIG[stage], name, sealed.get(name));
    });
    return this.config(pipeline, stage);
  }

  async connect(
    pipeline: DeclaredPipeline,
    repository: string,
    by: Pick<Connection, "baseUrl" | "credential">,
    act: Act,
  ): Promise<DeclaredLink> {
    return this.#options.links.take(repository, by, act, async (link) => {
      await this.#edit(pipeline, act, (file, { name, github }) => {
        if (github !== undefined && github !== link.stack) {
          throw new UserError(`${name} is connected to another repository already. Disconnect it first.`);
        }
        file.github(link.stack);
      });
    });
  }

  async disconnect(pipeline: DeclaredPipeline, act: Act): Promise<void> {
    if (pipeline.github === undefined) throw unconnected(pipeline);
    await this.#options.links.give(pipeline.github, act, () =>
      this.#edit(pipeline, act, (file) => file.github(undefined)),
    );
  }

  async setReviewApps(pipeline: DeclaredPipeline, settings: ReviewAppsChange, act: Act): Promise<DeclaredPipeline> {
    await this.#edit(pipeline, act, (file) => file.reviewApps(settings));
    return this.#known(pipeline.stack);
  }

  async link({ github }: DeclaredPipeline): Promise<DeclaredLink | undefined> {
    if (github === undefined) return undefined;
    return (await this.#options.links.list()).find(({ stack }) => stack === github);
  }

  async repository(pipeline: DeclaredPipeline) {
    const link = await this.link(pipeline);
    if (link === undefined) throw unconnected(pipeline);
    return this.#options.links.repository(link);
  }

  /** Takes apps that are no more from their pipelines. @param stacks of the apps that are there */
  async removeGone(stacks: ReadonlySet<string>, user: string): Promise<void> {
    for (const pipeline of await this.list()) {
      const gone = STAGES.flatMap((stage) => pipeline.stages[stage]).filter((app) => !stacks.has(app));
      if (gone.length === 0) continue;
      const description = `Remove ${gone.join(", ")}, which is gone, from ${pipeline.name}`;
      await this.#edit(pipeline, { user, description }, (file) => {
        for (const app of gone) file.place(app, undefined);
      });
    }
  }

  /**
   * Finishes what an earlier process began. Each pipeline has its turn at once, so that nobody changes it before.
   *
   * @param calm no run is begun before this
   */
  async resume(calm?: Promise<unknown>): Promise<void> {
    const { changes, lock } = this.#options;
    await Promise.all(
      changes.unfinished().map((change) => lock.run(change.stack, "a change", () => changes.resume(change, calm))),
    );
  }

  /** In the pipeline's turn. @param edit gets the pipeline as it is declared then */
  async #edit(
    { stack }: Pick<DeclaredPipeline, "stack">,
    act: Act,
    edit: (file: PipelineFile, pipeline: DeclaredPipeline) => void | Promise<void>,
  ): Promise<void> {
    const { changes } = this.#options;
    await this.#inTurn({ stack }, async () => {
      const pipeline = await this.#known(stack);
      await changes.edit(stack, pipeline, act, async (text) => {
        const file = new PipelineFile(text, pipeline.path);
        await edit(file, pipeline);
        return file.text;
      });
    });
  }

  /** One change of a pipeline at a time. */
  #inTurn<T>({ stack }: Pick<DeclaredPipeline, "stack">, work: () => Promise<T>): Promise<T> {
    return this.#options.lock.run(stack, "a change", work);
  }

  /** Gives a name once. @throws NameRefused */
  async #naming<T>(name: string, work: () => Promise<T>): Promise<T> {
    const problems = new Problems();
    if (pipelineName(name, "name", problems) === undefined) {
      throw new NameRefused(
        "Name must have 2 to 30 lower-case letters, digits and dashes, start with a letter and end with a letter or digit.",
      );
    }
    return this.#options.lock.run("the names of pipelines", "a change", async () => {
      if ((await this.list()).some((each) => each.name === name)) {
        throw new NameRefused(`Name ${name} is already taken`);
      }
      return work();
    });
  }

  async #known(stack: string): Promise<DeclaredPipeline> {
    const pipeline = (await this.list()).find((each) => each.stack === stack);
    if (pipeline === undefined) throw new UserError(`the pipeline ${stack} is gone`);
    return pipeline;
  }
}

function unconnected({ name }: DeclaredPipeline): UserError {
  return new UserError(`${name} is not connected to a repository. Connect it first: heroku pipelines:connect.`);
}
