import { messageOf } from "../../../lib/errors.ts";
import type { Builds, StartedBuild } from "../deploys/builds.ts";
import type { Say } from "../deploys/deploy-commit.ts";
import type { LinkingApp } from "./ports.ts";
import type { Outbox } from "./reports/outbox.ts";

/** A commit of a linked repository that is to be deployed. */
interface LinkedCommit {
  readonly app: LinkingApp & { readonly url: string };
  /** The link's stack. */
  readonly stack: string;
  readonly commit: string;
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
    { app, stack, commit }: LinkedCommit,
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
