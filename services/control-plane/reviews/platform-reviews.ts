import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../../lib/errors.ts";
import type { PullRequest } from "../github/forge/forge.ts";
import type { PullDeploys } from "../github/open.ts";
import type { PresentApp, Review, ReviewingPipeline, Reviews } from "./ports.ts";
import type { Reviewer } from "./reviewer.ts";
import type { ReviewStore } from "./store.ts";

/** Milliseconds for which a forge is told that review apps are gone, before the way to it goes too. */
const TELL_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 200;

interface PlatformReviewsOptions {
  readonly store: ReviewStore;
  readonly reviewer: Reviewer;
  readonly pulls: PullDeploys;
  present(): Promise<readonly PresentApp[]>;
}

/** What people ask of review apps. */
export class PlatformReviews implements Reviews {
  readonly #options: PlatformReviewsOptions;

  constructor(options: PlatformReviewsOptions) {
    this.#options = options;
  }

  list(pipeline: string): readonly Review[] {
    return this.#options.store.list(pipeline);
  }

  byId(id: string): Review | undefined {
    return this.#options.store.byId(id);
  }

  ofApp(app: string): Review | undefined {
    return this.#options.store.ofApp(app);
  }

  async pulls({ github }: ReviewingPipeline): Promise<readonly PullRequest[]> {
    const { forge, repository } = await this.#options.pulls.open(github ?? "");
    return forge.pulls(repository.fullName);
  }

  request(pipeline: ReviewingPipeline, { number, branch, commit, fork }: PullRequest): Review {
    const { store } = this.#options;
    const present = store.get(pipeline.id, number);
    if (fork && present?.approved !== commit) {
      throw new UserError(
        `Pull request ${number} comes from a fork, whose commit ${commit.slice(0, 7)} nobody has approved.`,
      );
    }
    const anew = present?.app == null ? { status: "pending" as const, message: null, branch, commit } : {};
    const review = store.put(pipeline.id, number, { byHand: true, ...anew });
    this.look(pipeline);
    return review;
  }

  async approve(pipeline: ReviewingPipeline, number: number, commit: string, login: string): Promise<Review> {
    const { forge, repository } = await this.#options.pulls.open(pipeline.github ?? "");
    const pull = await forge.pull(repository.fullName, number);
    if (pull?.open !== true) throw new UserError(`Pull request ${number} is not open.`);
    if (pull.commit !== commit) {
      throw new UserError(`Pull request ${number} is at ${pull.commit.slice(0, 7)} by now. Look at that first.`);
    }
    if (pipeline.reviewApps.forks !== "approved") {
      throw new UserError(
        `The pipeline ${pipeline.name} takes no forks. Set reviewApps.forks to approved in its stack file.`,
      );
    }
    if (!(await forge.mayWrite(repository.fullName, login))) {
      throw new UserError(
        `${login} may not write to ${repository.fullName}, so they cannot approve its pull requests.`,
      );
    }
    const review = this.#options.store.put(pipeline.id, number, { approved: commit, branch: pull.branch });
    this.look(pipeline);
    return review;
  }

  look({ github }: ReviewingPipeline): void {
    if (github !== undefined) this.#options.pulls.again(github);
  }

  async removeAll({ id }: { readonly id: string }, why: string, work?: () => Promise<void>): Promise<void> {
    const { reviewer, present, pulls } = this.#options;
    const names = (await present()).filter(({ review }) => review.pipeline === id).map(({ name }) => name);
    await reviewer.removeAll(id, why, async () => {
      const end = performance.now() + TELL_TIMEOUT_MS;
      while (names.some((name) => !pulls.told(name)) && performance.now() < end) await sleep(LOOK_EVERY_MS);
      await work?.();
    });
  }
}
