import { UserError } from "../../../../lib/errors.ts";
import type { Links } from "../../../../services/control-plane/github/ports.ts";
import {
  type ConfigStage,
  type DeclaredPipeline,
  type Pipelines,
  STAGES,
} from "../../../../services/control-plane/pipelines/ports.ts";
import type { Act } from "../../../../services/control-plane/types.ts";

/** Pipelines in memory. */
export class FakePipelines {
  readonly all = new Map<string, DeclaredPipeline>();
  readonly config: Record<ConfigStage, Record<string, string>> = { review: {}, test: {} };
  /** What was done to them. */
  readonly acts: string[] = [];
  readonly #making: (id: string, owner: string) => void;
  readonly #links: Links;

  constructor(making: (id: string, owner: string) => void, links: Links) {
    this.#making = making;
    this.#links = links;
  }

  port(): Pipelines {
    const world = this;
    const done = (act: Act) => void world.acts.push(`${act.description} by ${act.user}`);
    const put = (pipeline: DeclaredPipeline) => {
      world.all.set(pipeline.stack, pipeline);
      return pipeline;
    };
    const without = (pipeline: DeclaredPipeline, app: string): DeclaredPipeline["stages"] =>
      Object.fromEntries(
        STAGES.map((stage) => [stage, pipeline.stages[stage].filter((each) => each !== app)]),
      ) as unknown as DeclaredPipeline["stages"];
    const now = ({ stack }: DeclaredPipeline) => world.all.get(stack) as DeclaredPipeline;
    return {
      list: async () => [...world.all.values()],
      async of(app) {
        for (const pipeline of world.all.values()) {
          const stage = STAGES.find((each) => pipeline.stages[each].includes(app));
          if (stage !== undefined) return { pipeline, app, stage };
        }
        return undefined;
      },
      async create(name, act, owner) {
        if ([...world.all.values()].some((each) => each.name === name)) throw new UserError(`Name ${name} is taken`);
        done(act);
        world.#making(`${name}-id`, owner);
        const stages = { development: [], staging: [], production: [] };
        const [stack, createdAt] = [`${name}.pipeline`, Date.UTC(2026, 0, 1)];
        return put({ name, id: `${name}-id`, stack, path: "", stages, github: undefined, createdAt });
      },
      async rename(pipeline, name, act) {
        done(act);
        return put({ ...now(pipeline), name });
      },
      async destroy({ stack }, act) {
        done(act);
        world.all.delete(stack);
      },
      async couple(pipeline, app, stage, act) {
        done(act);
        const stages = without(now(pipeline), app);
        return {
          pipeline: put({ ...now(pipeline), stages: { ...stages, [stage]: [...stages[stage], app] } }),
          app,
          stage,
        };
      },
      async uncouple({ pipeline, app }, act) {
        done(act);
        put({ ...now(pipeline), stages: without(now(pipeline), app) });
      },
      config: async (_pipeline, stage) => world.config[stage],
      async setConfig(_pipeline, stage, changes, act) {
        done(act);
        for (const [name, value] of Object.entries(changes)) {
          if (value === null) delete world.config[stage][name];
          else world.config[stage][name] = value;
        }
        return world.config[stage];
      },
      async setReviewApps(pipeline, settings, act) {
        done(act);
        const { reviewApps } = now(pipeline);
        const before = reviewApps === "unclear" ? {} : reviewApps;
        return put({ ...now(pipeline), reviewApps: JSON.parse(JSON.stringify({ ...before, ...settings })) });
      },
      async connect(pipeline, repository, by, act) {
        return world.#links.take(repository, by, act, async ({ stack }) => {
          done(act);
          put({ ...now(pipeline), github: stack });
        });
      },
      async disconnect(pipeline, act) {
        await world.#links.give(now(pipeline).github ?? "", act, async () => {
          done(act);
          put({ ...now(pipeline), github: undefined });
        });
      },
      link: async (pipeline) => (await world.#links.list()).find(({ stack }) => stack === now(pipeline).github),
      async repository(pipeline) {
        const link = (await world.#links.list()).find(({ stack }) => stack === now(pipeline).github);
        if (link === undefined) throw new UserError(`${pipeline.name} is connected to none.`);
        return world.#links.repository(link);
      },
    };
  }
}
