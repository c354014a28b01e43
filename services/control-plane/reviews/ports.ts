import type { ReviewSettings } from "../../../model/app/review.ts";
import type { ReviewAppsSettings } from "../../../model/pipeline/review-apps.ts";
import type { PullRequest } from "../github/forge/forge.ts";
import type { DeclaredPipeline } from "../pipelines/ports.ts";

/** A review app that is there, whatever became of making it. */
export interface PresentApp {
  readonly name: string;
  readonly id: string;
  readonly stack: string;
  readonly url: string;
  readonly review: ReviewSettings;
  /** What it is to run; undefined: nothing was deployed yet. */
  readonly commit: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** How far the making of a review app has come. What was done once is not done again. */
export const STAGES = ["new", "configured", "filled", "scripted", "done"] as const;

export type Stage = (typeof STAGES)[number];

/** `pending`: asked for by hand. `deleted`: it is not made again for this commit. */
export type ReviewStatus = "pending" | "creating" | "created" | "errored" | "deleting" | "deleted";

/** What is known of a pull request's review app, besides its stack file. */
export interface Review {
  readonly id: string;
  /** Its id. */
  readonly pipeline: string;
  readonly pull: number;
  readonly branch: string;
  /** The commit that was dealt with last. */
  readonly commit: string;
  /** The app's; null: there is none yet. */
  readonly app: string | null;
  readonly name: string | null;
  readonly status: ReviewStatus;
  /** Why it is so. */
  readonly message: string | null;
  readonly stage: Stage;
  /** Whether somebody asked for it. */
  readonly byHand: boolean;
  /** What its app.json has run before it goes. */
  readonly predestroy: string | null;
  /** A fork's commit that somebody let in who may write to the repository. */
  readonly approved: string | null;
  /** Milliseconds since 1970. */
  readonly deployedAt: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A pipeline that has review apps. */
export interface ReviewingPipeline extends DeclaredPipeline {
  readonly reviewApps: ReviewAppsSettings;
}

/** What is to be done to a pull request's review app. */
export type ReviewAct =
  | { readonly kind: "create"; readonly pipeline: ReviewingPipeline; readonly pull: PullRequest }
  | {
      readonly kind: "deploy";
      readonly pipeline: ReviewingPipeline;
      readonly pull: PullRequest;
      readonly app: PresentApp;
    }
  | {
      readonly kind: "destroy";
      readonly app: PresentApp;
      readonly why: string;
      /** Whether it is not to be made again for the same commit. */
      readonly stays: boolean;
    };

/** Review apps: what the API asks. */
export interface Reviews {
  /** The newest first. @param pipeline its id */
  list(pipeline: string): readonly Review[];
  byId(id: string): Review | undefined;
  /** @param app its id */
  ofApp(app: string): Review | undefined;
  /** The pull requests that are open. @throws UserError where the repository cannot be asked */
  pulls(pipeline: ReviewingPipeline): Promise<readonly PullRequest[]>;
  /** Has a review app made, if there is none. @throws UserError for a fork that nobody has approved */
  request(pipeline: ReviewingPipeline, pull: PullRequest): Review;
  /**
   * Lets a fork's commit have a review app.
   *
   * @param login of whoever approves it, as the forge calls them
   * @throws UserError where they may not write to the repository, or the pull request is at another commit
   */
  approve(pipeline: ReviewingPipeline, pull: number, commit: string, login: string): Promise<Review>;
  /** Has review apps looked at: what is declared has changed. */
  look(pipeline: ReviewingPipeline): void;
  /** Destroys those of a pipeline, whose repository learns of it; none comes before `work` is done. */
  removeAll(pipeline: { readonly id: string }, why: string, work?: () => Promise<void>): Promise<void>;
}

/** By which it is known, whatever it is called. */
export function keyOf(pipeline: string, pull: number | ""): string {
  return `${pipeline}#${pull}`;
}
