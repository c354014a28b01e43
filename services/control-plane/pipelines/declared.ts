import { Problems } from "../../../lib/validation/problems.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { reviewAppsSettings } from "../../../model/pipeline/review-apps.ts";
import { isPlatform, platformStack } from "../../../model/stack/declared.ts";
import { PIPELINE, REVIEW_CONFIG } from "../../../model/stack/keys.ts";
import { findProject, readStackFiles, type StackFile } from "../../../model/stack/project.ts";
import { type DeclaredPipeline, STAGES } from "./ports.ts";

interface DeclaredPipelinesOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** The platform's name. */
  readonly platform: string;
  /** When a stack was seen first, in milliseconds since 1970. */
  firstSeen(stack: string): number;
}

/** The pipelines whose stack files name this platform. */
export async function declaredPipelines(options: DeclaredPipelinesOptions): Promise<DeclaredPipeline[]> {
  const files = await readStackFiles(await findProject(options.project));
  const own = new Set(files.filter((file) => isPlatform(file, options.platform)).map(({ stack }) => stack));
  return files.flatMap((file) => {
    const settings = file.config[PIPELINE];
    if (file.kind !== "pipeline" || !own.has(platformStack(isRecord(settings) ? settings : {}))) return [];
    return [toPipeline(file, isRecord(settings) ? settings : {}, options)];
  });
}

function toPipeline(
  { stack, path, config }: StackFile,
  settings: Readonly<Record<string, unknown>>,
  { firstSeen }: DeclaredPipelinesOptions,
): DeclaredPipeline {
  const name = typeof settings.name === "string" ? settings.name : stack.replace(/\.pipeline$/, "");
  const declared = isRecord(settings.stages) ? settings.stages : {};
  const stages = STAGES.map((stage) => {
    const apps = declared[stage];
    return [stage, Array.isArray(apps) ? apps.filter((app): app is string => typeof app === "string") : []] as const;
  });
  return {
    name,
    id: typeof settings.id === "string" ? settings.id : name,
    stack,
    path,
    stages: Object.fromEntries(stages) as unknown as DeclaredPipeline["stages"],
    github: typeof settings.github === "string" ? settings.github : undefined,
    reviewApps: reviewAppsOf(settings.reviewApps),
    plainReviewConfig: plainOf(config[REVIEW_CONFIG]),
    createdAt: firstSeen(stack),
  };
}

function reviewAppsOf(value: unknown): DeclaredPipeline["reviewApps"] {
  if (value === undefined || value === null) return undefined;
  const problems = new Problems();
  const read = reviewAppsSettings(value, "reviewApps", problems);
  return problems.lines.length > 0 ? "unclear" : read;
}

/** Without secure values, which are maps as written. */
function plainOf(config: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(isRecord(config) ? config : {}).flatMap(([name, value]) =>
    ["string", "number", "boolean"].includes(typeof value) ? [[name, String(value)] as const] : [],
  );
  return Object.fromEntries(entries);
}
