import type { PullRequest, RepositoryForge } from "../github/forge/forge.ts";
import type { ForgeRepository } from "../github/ports.ts";
import type { PresentApp, ReviewingPipeline } from "./ports.ts";

/** A link's repository, and as whom it is asked. */
export interface At {
  /** The link's stack. */
  readonly link: string;
  readonly forge: Pick<RepositoryForge, "pull" | "changedFiles" | "gitLogin">;
  /** As it is called now. */
  readonly repository: ForgeRepository;
}

/** A pull request's app while it is made. */
export interface Making {
  readonly app: PresentApp;
  readonly pipeline: ReviewingPipeline;
  readonly pull: PullRequest;
  readonly at: At;
}

/** What is done to review apps. Each may be done again by a process that took over. */
export interface Hands {
  /** @param stack the link's @throws UserError, ForgeError */
  open(stack: string): Promise<At>;
  /** Makes an app without code. @throws ChangeFailed, NameRefused */
  make(pipeline: ReviewingPipeline, pull: PullRequest): Promise<PresentApp>;
  /** Brings the pull request's code into the app's repository. @returns the commit that it is at by now */
  fetch(making: Making): Promise<string>;
  /** Gives it add-ons, config vars and formation. @returns what is run before it goes @throws UserError */
  configure(making: Making): Promise<{ readonly predestroy: string | undefined }>;
  /** Copies the data that its database begins with. @throws UserError */
  fill(making: Making): Promise<void>;
  /** @throws DeployFailed, BuildRunning */
  deploy(making: Making): Promise<void>;
  /** Runs what its app.json has run once. @throws UserError */
  postdeploy(making: Making): Promise<void>;
  /** Tells the forge why a commit is not deployed. */
  refuse(making: Making, why: string): void;
  /** Destroys an app with all that it has. @throws ChangeFailed when it is there still */
  destroy(app: PresentApp, why: string, predestroy: string | undefined): Promise<void>;
}
