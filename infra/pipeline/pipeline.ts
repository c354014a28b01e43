import * as pulumi from "@pulumi/pulumi";
import { Problems } from "../../lib/validation/problems.ts";
import { type PipelineSettings, pipelineSettings, STAGES, type Stage } from "../../model/pipeline/settings.ts";
import { type Environment, type EnvironmentValue, environment } from "../environment.ts";

export interface PipelineArgs extends PipelineSettings {
  /**
   * Config vars of its review apps; all become secrets.
   * @default none
   */
  readonly reviewConfig?: Readonly<Record<string, EnvironmentValue>>;
  /**
   * Config vars of its test runs; all become secrets.
   * @default none
   */
  readonly testConfig?: Readonly<Record<string, EnvironmentValue>>;
}

/**
 * Apps in stages. It makes no resource: what runs in one stage is promoted to the next by the control plane, which writes
 * it into the other app's stack file.
 *
 * @example
 * new Pipeline("shop.pipeline", { stages: { staging: ["shop-staging"], production: ["shop"] } });
 */
export class Pipeline extends pulumi.ComponentResource {
  /** What people call it. */
  readonly name: string;
  /** What stays when it is renamed. */
  readonly pipelineId: string;
  /** The apps' stacks by stage. */
  readonly stages: Readonly<Record<Stage, readonly string[]>>;
  /** The stack of its repository; undefined: it is connected to none. */
  readonly github: string | undefined;
  /** Config vars of its review apps; a secret. */
  readonly reviewConfig: pulumi.Output<Readonly<Record<string, string>>>;
  /** Config vars of its test runs; a secret. */
  readonly testConfig: pulumi.Output<Readonly<Record<string, string>>>;

  constructor(name: string, args: PipelineArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    const problems = new Problems();
    const { reviewConfig = {}, testConfig = {}, ...settings } = args;
    const at = `Pipeline ${name}:`;
    pipelineSettings(settings, at, problems);
    const [review, test] = [reviewConfig, testConfig].map((values, index) =>
      environment()(values, `${at} ${index === 0 ? "reviewConfig" : "testConfig"}`, problems),
    );
    problems.check();
    super("dynoform:index:Pipeline", name, {}, opts);
    this.name = args.name ?? name.replace(/\.pipeline$/, "");
    this.pipelineId = args.id ?? this.name;
    this.stages = Object.fromEntries(STAGES.map((stage) => [stage, args.stages?.[stage] ?? []])) as unknown as Record<
      Stage,
      readonly string[]
    >;
    this.github = args.github;
    this.reviewConfig = plain(review);
    this.testConfig = plain(test);
    this.registerOutputs({ name: this.name, stages: this.stages });
  }
}

function plain(config: Environment = {}): pulumi.Output<Readonly<Record<string, string>>> {
  const values = Object.entries(config).map(([name, { value }]) => [name, value] as const);
  return pulumi.secret(pulumi.all(Object.fromEntries(values)));
}
