import type { Problems } from "../../lib/validation/problems.ts";
import { isRecord, join, list, map, object, oneOf, optional, type Reader, text } from "../../lib/validation/readers.ts";
import { appName } from "../names.ts";
import { type ReviewAppsSettings, reviewAppsSettings } from "./review-apps.ts";

/** Where apps stand in a pipeline, in the order in which releases are promoted. */
export const STAGES = ["development", "staging", "production"] as const;

export type Stage = (typeof STAGES)[number];

/** What one says of a pipeline: arguments of `Pipeline`, and `dynoform:pipeline` of a stack file. */
export interface PipelineSettings {
  /**
   * What people call it: 2 to 30 lower-case letters, digits and dashes.
   * @default the stack's name without `.pipeline`
   */
  readonly name?: string;
  /**
   * What names it to the platform; keep it when you rename the pipeline.
   * @default the pipeline's name
   */
  readonly id?: string;
  /**
   * The apps of each stage, by their stacks: `development`, `staging`, `production`. An app is in one pipeline at most.
   * @default none
   */
  readonly stages?: Readonly<Partial<Record<Stage, readonly string[]>>>;
  /**
   * The stack of the repository that the pipeline is connected to, e.g. `shop.github`.
   * @default none
   */
  readonly github?: string;
  /**
   * An app of its own for each pull request of that repository.
   * @default none
   */
  readonly reviewApps?: ReviewAppsSettings;
}

/** As Heroku takes the name of a pipeline. */
export const pipelineName: Reader<string> = text(
  "use 2 to 30 lower-case letters, digits and dashes, beginning with a letter and ending with a letter or digit",
  (name) => /^[a-z][a-z0-9-]{0,28}[a-z0-9]$/.test(name),
);

const stackName: Reader<string> = text("use the name of a stack", (name) => /^[A-Za-z0-9_.-]{1,100}$/.test(name));

const stages: Reader<NonNullable<PipelineSettings["stages"]>> = (value, path, problems) => {
  const read = map(stageName, list(stackName))(value, path, problems);
  if (!isRecord(value)) return read;
  const seen = new Map<unknown, string>();
  for (const [stage, apps] of Object.entries(value)) {
    for (const app of Array.isArray(apps) ? apps : []) {
      const other = seen.get(app);
      if (other !== undefined) problems.add(join(path, stage), `has ${app}, which ${other} has too; remove one`);
      seen.set(app, stage);
    }
  }
  return read;
};

function stageName(name: string, path: string, problems: Problems): void {
  oneOf("stage", STAGES)(name, path, problems);
}

/** The readers of {@link PipelineSettings}, key by key. */
export const pipelineFields = {
  name: optional(pipelineName),
  id: optional(appName),
  stages: optional(stages),
  github: optional(stackName),
  reviewApps: optional(reviewAppsSettings),
};

export const pipelineSettings: Reader<PipelineSettings> = object<PipelineSettings>(pipelineFields);
