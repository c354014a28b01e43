import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, traceOf, UserError } from "../../../lib/errors.ts";
import { FileTail } from "../../../lib/file-tail.ts";
import { declaredCommit } from "../../../model/stack/declared.ts";
import { Repository, repositoryPath } from "../../../sources/git/repository.ts";
import type { DeclaredApp } from "../apps/declared.ts";
import { storeArchive } from "./archive.ts";
import type { Say } from "./deploy-commit.ts";
import { type DeployCommit, DeployFailed, type PushTarget } from "./deploy-commit.ts";
import { findReleaseCommand, releaseCommandOutput } from "./release-commands.ts";
import type { SourceBlob, Sources } from "./sources.ts";
import type { Build, BuildStore } from "./store.ts";

const LOOK_EVERY_MS = 200;

/** Another commit of this app is being built. */
export class BuildRunning extends UserError {
  override readonly name = "BuildRunning";

  constructor(message: string) {
    super(message, { kind: "conflict" });
  }
}

/** Of an app, as its stack file declares it. */
type App = Pick<PushTarget, "name" | "id">;

interface BuildsOptions {
  readonly store: BuildStore;
  readonly sources: Pick<Sources, "create" | "find">;
  /** The platform's folder. */
  readonly directory: string;
  readonly deploy: DeployCommit;
  /** Told how a commit was deployed, and of the seconds that it took. */
  readonly deployed?: (app: string, result: "succeeded" | "failed", seconds: number) => void;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** A deployment that goes on. */
export interface StartedBuild {
  readonly build: Build;
  /** The release that it made, if any, when it serves. Fails with DeployFailed. */
  readonly ended: Promise<number | undefined>;
}

/** Deployments of commits, whether pushed or made of an archive: each is kept, with what it said. */
export class Builds {
  readonly #options: BuildsOptions;
  readonly #running = new Set<string>();
  /** Of a control plane before this one. */
  readonly #left: readonly Build[];

  constructor(options: BuildsOptions) {
    this.#options = options;
    this.#left = options.store.pending();
  }

  /** Deploys a commit that is in the app's repository, as a push does. */
  readonly deploy: DeployCommit = async (app, revision, user, say) => {
    const { store } = this.#options;
    const { id, say: keep } = await store.begin({ app: app.id, user, revision, version: null });
    const both: Say = (line) => {
      keep(line);
      say(line);
    };
    return this.#run(id, app, revision, user, both);
  };

  /**
   * Makes the archive at a source's `get_url` a commit and begins to deploy it.
   *
   * @param version what its sender calls it
   * @throws BadArchive, and BuildRunning for an app of which another archive is being deployed
   */
  async create(app: App, url: string, user: string, version: string | null): Promise<Build> {
    const { build, ended } = await this.#begin(app, user, version, { commit: () => this.keep(app, url, version) });
    this.#reportUnforeseen(app, ended);
    return build;
  }

  /**
   * Begins to deploy a commit, as a push does.
   *
   * @param fetch brings the commit into the app's repository; what it throws ends the build, which says so
   * @returns `ended`: the release that it made, if any, when it serves
   * @throws BuildRunning for an app of which another commit is being deployed
   */
  async start(
    app: App,
    revision: string,
    user: string,
    fetch: (say: Say) => Promise<void> = async () => {},
  ): Promise<StartedBuild> {
    const started = await this.#begin(app, user, null, { commit: async () => revision, fetch });
    this.#reportUnforeseen(app, started.ended);
    return started;
  }

  /** Makes an archive a commit of the app's repository, and does nothing with it. */
  async keep(app: App, url: string, version: string | null): Promise<string> {
    const archive = await this.#options.sources.find(app.id, url);
    return storeArchive(new Repository(this.#target(app).repository), archive, `${version ?? "Source archive"}\n`);
  }

  /** A place to send an archive to. @param app undefined: of one that is not there yet @param origin where the client reaches us */
  source(app: Pick<App, "id"> | undefined, origin: string): Promise<SourceBlob> {
    return this.#options.sources.create(app?.id ?? "", origin);
  }

  list(app: string): Build[] {
    return this.#options.store.list(app);
  }

  get(id: string): Build | undefined {
    return this.#options.store.get(id);
  }

  log(id: string): Promise<string> {
    return this.#options.store.log(id);
  }

  /** @see findReleaseCommand */
  releaseCommand(app: string, after: number, before: number): Promise<string | undefined> {
    return findReleaseCommand(this.#releaseCommands, app, after, before);
  }

  /** What a release command wrote. */
  releaseOutput(record: string): Promise<string> {
    return releaseCommandOutput(this.#releaseCommands, record);
  }

  /** Of an app that is gone. */
  forget(app: string): Promise<void> {
    return this.#options.store.forget(app);
  }

  /** What a build says, from its beginning to its end. */
  async *follow(id: string, signal: AbortSignal): AsyncGenerator<string> {
    const { store } = this.#options;
    const tail = new FileTail(store.file(id));
    while (!signal.aborted) {
      // Asked before the log is read, which is whole by then.
      const { status } = store.get(id) ?? {};
      const text = await tail.read();
      if (text !== "") yield text;
      if (status !== "pending") return;
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /**
   * Ends what a control plane that was killed had begun, when all its changes are finished.
   *
   * @param apps as they are declared then
   */
  recover(apps: readonly Pick<DeclaredApp, "id" | "name" | "settings">[]): void {
    for (const { id, app, revision } of this.#left) {
      const declared = apps.find((each) => each.id === app);
      const serves = declared !== undefined && declaredCommit(declared.settings) === revision;
      this.#end(id, declared?.name, serves ? "succeeded" : "failed");
    }
  }

  get #releaseCommands(): string {
    return join(this.#options.directory, "release-tasks");
  }

  #target({ name, id }: App): PushTarget {
    // It becomes part of a path.
    if (!/^[a-z][a-z0-9-]*$/.test(id)) throw new UserError(`${name} has an id with which it cannot have a repository.`);
    return { name, id, repository: repositoryPath(this.#options.directory, id) };
  }

  /** One at a time for an app. @throws BuildRunning */
  async #begin(
    app: App,
    user: string,
    version: string | null,
    { commit, fetch = async () => {} }: { commit(): Promise<string>; fetch?(say: Say): Promise<void> },
  ): Promise<StartedBuild> {
    const { store } = this.#options;
    if (this.#running.has(app.id))
      throw new BuildRunning(`${app.name} is being built already. Try again when that is done.`);
    this.#running.add(app.id);
    try {
      const target = this.#target(app);
      const revision = await commit();
      const { id, say } = await store.begin({ app: app.id, user, revision, version });
      const ended = this.#fetched(fetch, say)
        .then(
          () => this.#run(id, target, revision, user, say),
          (error: unknown) => {
            store.end(id, "failed");
            throw error;
          },
        )
        .finally(() => this.#running.delete(app.id));
      return { build: store.get(id) as Build, ended };
    } catch (error) {
      this.#running.delete(app.id);
      throw error;
    }
  }

  async #fetched(fetch: (say: Say) => Promise<void>, say: Say): Promise<void> {
    try {
      await fetch(say);
    } catch (error) {
      say(` !     ${messageOf(error)}`);
      throw error instanceof UserError ? new DeployFailed("fetch failed", { cause: error }) : error;
    }
  }

  #reportUnforeseen({ name }: App, ended: Promise<unknown>): void {
    ended.catch((error: unknown) => {
      if (error instanceof DeployFailed) return;
      this.#options.report(`a build of ${name}: ${traceOf(error)}`);
    });
  }

  async #run(id: string, app: PushTarget, revision: string, user: string, say: Say) {
    try {
      const release = await this.#options.deploy(app, revision, user, say);
      this.#end(id, app.name, "succeeded", release);
      return release;
    } catch (error) {
      this.#end(id, app.name, "failed");
      throw error;
    }
  }

  /** @param app its name; undefined: it is no more */
  #end(id: string, app: string | undefined, result: "succeeded" | "failed", release?: number): void {
    const { store, deployed } = this.#options;
    store.end(id, result, release);
    const { createdAt = 0, updatedAt = 0 } = store.get(id) ?? {};
    if (app !== undefined) deployed?.(app, result, (updatedAt - createdAt) / 1000);
  }
}
