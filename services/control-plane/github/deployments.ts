import { randomUUID } from "node:crypto";
import { messageOf } from "../../../lib/errors.ts";
import type { Builds, StartedBuild } from "../deploys/builds.ts";
import type { Say } from "../deploys/deploy-commit.ts";
import type { LinkingApp } from "./ports.ts";
import type { Outbox } from "./reports/outbox.ts";

/** A commit of a linked repository that is to be deployed. */
export interface LinkedCommit {
  readonly app: LinkingApp & { readonly url: string };
  /** The link's stack. */
  readonly stack: string;
  readonly commit: string;
  /** Whether the app goes again. @default false */
  readonly transient?: boolean;
}

interface DeploymentsOptions {
  readonly builds: Pick<Builds, "start" | "get">;
  readonly outbox: Outbox;
  /** Where the dashboard is, e.g. `http://dashboard.localhost:8080`. */
  readonly site: string;
  /** There is something to tell a forge. */
  wake(): void;
}

/** Deploys commits of linked repositories, and has their forge know of it. */
export class Deployments {
  readonly #options: DeploymentsOptions;

  constructor(options: DeploymentsOptions) {
    this.#options = options;
  }

  /**
   * Begins to deploy a commit, as a push does.
   *
   * @param fetch brings it into the app's repository
   * @throws BuildRunning
   */
  async start(
    { app, stack, commit, transient = false }: LinkedCommit,
    user: string,
    fetch?: (say: Say) => Promise<void>,
  ): Promise<StartedBuild> {
    const { builds, outbox, site, wake } = this.#options;
    const started = await builds.start(app, commit, user, fetch);
    const { build, ended } = started;
    outbox.begin({
      stack,
      app: app.name,
      commit,
      build: build.id,
      description: `Deploying to ${app.name}`,
      environmentUrl: app.url,
      logUrl: `${site}/apps/${app.name}/builds/${build.id}`,
      transient,
    });
    const end = (result: "success" | "failure", description: string) => {
      outbox.end(build.id, result, description);
      wake();
    };
    ended.then(
      (release) => end("success", release === undefined ? "Nothing has changed" : `Released v${release}`),
      (error: unknown) => end("failure", `Not deployed: ${messageOf(error)}`),
    );
    wake();
    return started;
  }

  /** Says of a commit that it was not even begun to be deployed. */
  refuse({ app, stack, commit }: LinkedCommit, why: string): void {
    const { outbox, site, wake } = this.#options;
    const build = `refused-${randomUUID()}`;
    const about = { description: why, environmentUrl: app.url, logUrl: `${site}/apps/${app.name}`, transient: true };
    outbox.begin({ stack, app: app.name, commit, build, ...about });
    outbox.end(build, "failure", why);
    wake();
  }

  /** Of an app that goes: the forge learns that nothing of it is deployed any more. */
  retire(app: string): void {
    this.#options.outbox.retire(app);
    this.#options.wake();
  }

  /** Says how deployments ended that an earlier control plane began; when all builds have ended that it began. */
  recover(): void {
    const { builds, outbox, wake } = this.#options;
    for (const id of outbox.open()) {
      const served = builds.get(id)?.status === "succeeded";
      outbox.end(id, served ? "success" : "failure", served ? "Deployed" : "Not deployed");
    }
    wake();
  }
}
