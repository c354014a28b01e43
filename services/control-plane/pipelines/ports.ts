import type { ReviewAppsSettings } from "../../../model/pipeline/review-apps.ts";
import type { Stage } from "../../../model/pipeline/settings.ts";
import type { Connection, DeclaredLink, RepositoryAccess } from "../github/ports.ts";
import type { Act } from "../types.ts";

export { STAGES, type Stage } from "../../../model/pipeline/settings.ts";

/** A pipeline, as its stack file declares it. */
export interface DeclaredPipeline {
  readonly name: string;
  /** What stays when it is renamed. */
  readonly id: string;
  /** E.g. `shop.pipeline`. */
  readonly stack: string;
  /** Of its stack file. */
  readonly path: string;
  /** The apps' stacks by stage. */
  readonly stages: Readonly<Record<Stage, readonly string[]>>;
  /** The stack of its repository. */
  readonly github: string | undefined;
  /** `unclear`: what stands there cannot be read, so nothing is done by it; undefined: it has none. */
  readonly reviewApps?: ReviewAppsSettings | "unclear" | undefined;
  /** What its review config has that is no secret. */
  readonly plainReviewConfig?: Readonly<Record<string, string>>;
  /** When the control plane saw it first, in milliseconds since 1970. */
  readonly createdAt: number;
}

/** An app's place in a pipeline. */
export interface Coupling {
  readonly pipeline: DeclaredPipeline;
  /** The app's stack. */
  readonly app: string;
  readonly stage: Stage;
}

/** For whose config vars a pipeline has a place of its own. */
export type ConfigStage = "review" | "test";

export interface PromotionTarget {
  /** The app's id. */
  readonly app: string;
  readonly status: "pending" | "succeeded" | "failed";
  /** The release that it made, or that runs the same already. */
  readonly release: number | null;
  readonly error: string | null;
}

export interface Promotion {
  readonly id: string;
  /** The pipeline's id. */
  readonly pipeline: string;
  /** The id of the app whose release it is. */
  readonly source: string;
  readonly release: number;
  /** Docker's id of what runs in it. */
  readonly image: string;
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly targets: readonly PromotionTarget[];
}

/** What is changed of a pipeline's review apps; undefined is its default. */
export type ReviewAppsChange = {
  readonly [Key in "enabled" | "automatic" | "baseName" | "ttl"]?: ReviewAppsSettings[Key] | undefined;
};

/** The pipelines of a platform: what API and dashboard ask. What changes something waits until it is done. */
export interface Pipelines {
  list(): Promise<readonly DeclaredPipeline[]>;
  /** Where an app is; undefined: in no pipeline. @param app its stack */
  of(app: string): Promise<Coupling | undefined>;
  /** @param owner the id of an account @throws UserError for a name that is none, or taken */
  create(name: string, act: Act, owner: string): Promise<DeclaredPipeline>;
  rename(pipeline: DeclaredPipeline, to: string, act: Act): Promise<DeclaredPipeline>;
  /** Its apps stay. */
  destroy(pipeline: DeclaredPipeline, act: Act): Promise<void>;
  /** Puts an app into a stage, wherever in the pipeline it was. @throws UserError for one of another pipeline */
  couple(pipeline: DeclaredPipeline, app: string, stage: Stage, act: Act): Promise<Coupling>;
  uncouple(coupling: Coupling, act: Act): Promise<void>;
  /** In plain. Secret. */
  config(pipeline: DeclaredPipeline, stage: ConfigStage): Promise<Readonly<Record<string, string>>>;
  /** @param changes null removes @returns what there is by now. Secret. */
  setConfig(
    pipeline: DeclaredPipeline,
    stage: ConfigStage,
    changes: Readonly<Record<string, string | null>>,
    act: Act,
  ): Promise<Readonly<Record<string, string>>>;
  /** @throws UserError where it is connected already, or the repository cannot be seen */
  connect(
    pipeline: DeclaredPipeline,
    repository: string,
    by: Pick<Connection, "baseUrl" | "credential">,
    act: Act,
  ): Promise<DeclaredLink>;
  disconnect(pipeline: DeclaredPipeline, act: Act): Promise<void>;
  setReviewApps(pipeline: DeclaredPipeline, settings: ReviewAppsChange, act: Act): Promise<DeclaredPipeline>;
  /** Undefined: it is connected to none. */
  link(pipeline: DeclaredPipeline): Promise<DeclaredLink | undefined>;
  /** @throws UserError where it is connected to none */
  repository(pipeline: DeclaredPipeline): Promise<RepositoryAccess>;
}
