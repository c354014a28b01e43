import type Docker from "dockerode";
import { hasImage } from "../../../lib/docker/images.ts";
import { messageOf } from "../../../lib/errors.ts";
import type { Apps } from "../apps/apps.ts";
import type { DynoServices } from "../dynos/services.ts";
import type { LogSink } from "../types.ts";

interface LostImagesOptions {
  readonly docker: Docker;
  readonly services: Pick<DynoServices, "all">;
  readonly apps: Pick<Apps, "change">;
  readonly log: LogSink;
  /** Gets what nobody waits for and could not be done. */
  report(problem: string): void;
}

/**
 * Makes images of apps again that Docker has no longer. A dyno's service names its image by id, so Swarm cannot start it
 * without; `docker system prune --all` removes what no container uses, as while an app sleeps.
 */
export class LostImages {
  readonly #options: LostImagesOptions;
  readonly #restoring = new Map<string, Promise<void>>();
  /** What could not be restored by app: not tried again before it differs. */
  readonly #given = new Map<string, string>();

  constructor(options: LostImagesOptions) {
    this.#options = options;
  }

  /**
   * Builds an app's image again if it is gone, with a line in its log; whoever asks meanwhile shares it.
   *
   * @throws UserError with the reason why it could not be
   */
  restore(app: string): Promise<void> {
    const under = this.#restoring.get(app);
    if (under !== undefined) return under;
    const restoring = this.#restore(app).finally(() => this.#restoring.delete(app));
    this.#restoring.set(app, restoring);
    return restoring;
  }

  /** The same for every app that should run now, as after a restart of the host. */
  async restoreAll(): Promise<void> {
    const services = await this.#options.services.all();
    const running = new Set(services.filter(({ replicas }) => replicas > 0).map(({ app }) => app));
    for (const app of running) {
      const lost = (await this.#lost(app)).join(" ");
      if (lost === "" || this.#given.get(app) === lost) continue;
      this.#given.set(app, lost);
      // It is told in the app's log.
      await this.restore(app).catch((error) => this.#options.report(`the image of ${app}: ${messageOf(error)}`));
    }
  }

  async #restore(app: string): Promise<void> {
    if ((await this.#lost(app)).length === 0) return;
    const { apps, log } = this.#options;
    const tell = (text: string) => log.write(app, { source: "app", process: "api", text });
    tell("The image of this release is gone from the host (was it pruned?). Building it again");
    try {
      // The file is left alone: what it declares is brought up, and that builds what is missing.
      await apps.change(app, { user: "dynoform", description: "Build the image again" }, () => {});
      tell("The image was built again");
    } catch (error) {
      const [first = ""] = messageOf(error).split("\n");
      tell(`The image could not be built again: ${first} Deploy once more to mend it, e.g. git push heroku main`);
      throw error;
    }
  }

  /** The images of an app's services that Docker has not. */
  async #lost(app: string): Promise<string[]> {
    const { docker, services } = this.#options;
    const images = new Set((await services.all(app)).map(({ image }) => image).filter((image) => image !== undefined));
    const there = await Promise.all([...images].map(async (image) => ((await hasImage(docker, image)) ? [] : [image])));
    return there.flat().sort();
  }
}
