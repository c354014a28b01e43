import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, UserError } from "../../../lib/errors.ts";
import { declaredCommit } from "../../../model/stack/declared.ts";
import { repositoryPath } from "../../../sources/git/repository.ts";
import type { Access } from "../accounts/access.ts";
import type { Apps } from "../apps/apps.ts";
import type { DeclaredApp } from "../apps/declared.ts";
import type { OutputsReader } from "../apps/outputs.ts";
import type { PullDeploys } from "../github/open.ts";
import type { OneOffDynos } from "../one-off/one-off-dynos.ts";
import { ownedAs } from "../pipelines/owned-as.ts";
import type { Pipelines } from "../pipelines/ports.ts";
import type { Databases } from "../postgres/databases.ts";
import { type AppJson, readAppJson } from "../setups/app-json.ts";
import { appJsonOf } from "../setups/open.ts";
import { configure, runScript } from "../setups/set-up.ts";
import type { LogSink } from "../types.ts";
import { beginningsOf, copiedFrom, type Parent } from "./beginnings.ts";
import { parentOf } from "./decide.ts";
import type { Hands, Making } from "./hands.ts";
import type { PresentApp, ReviewingPipeline } from "./ports.ts";

/** Milliseconds for which what runs before an app goes may take. */
const PREDESTROY_TIMEOUT_MS = 10_000;
const NAME_LENGTH = 30;

export interface ReviewStacksOptions {
  readonly apps: Pick<Apps, "create" | "change" | "destroy" | "list">;
  readonly pulls: PullDeploys;
  readonly pipelines: Pick<Pipelines, "config">;
  readonly outputs: Pick<OutputsReader, "of">;
  readonly databases: Pick<Databases, "credentials" | "transfers">;
  readonly oneOffs: Pick<OneOffDynos, "create" | "exitCode">;
  readonly access: Pick<Access, "owner">;
  readonly log: LogSink;
  /** The platform's folder. */
  readonly directory: string;
  /** As whom it is done. */
  readonly user: string;
}

/** Review apps as stacks of their own: ordinary apps, whose files the control plane writes. */
export class ReviewStacks implements Hands {
  readonly #options: ReviewStacksOptions;

  constructor(options: ReviewStacksOptions) {
    this.#options = options;
  }

  async open(stack: string) {
    return { link: stack, ...(await this.#options.pulls.open(stack)) };
  }

  async make(pipeline: ReviewingPipeline, { number, branch, fork }: Making["pull"]): Promise<PresentApp> {
    const { apps, access, user } = this.#options;
    const all = await apps.list();
    const like = all.find(({ stack }) => stack === parentOf(pipeline));
    const name = nameOf(pipeline, like?.name ?? pipeline.name, number);
    const review = { pipeline: pipeline.id, pull: number, branch, ...(fork && { fork }) };
    const act = { user, description: `Create the review app of pull request ${number}` };
    const { app } = await apps.create(name, act, access.owner(ownedAs(pipeline.id)).id, { review });
    return { ...app, review, commit: undefined };
  }

  fetch({ app, at, pull }: Making): Promise<string> {
    return this.#options.pulls.fetch(app, at, pull);
  }

  async configure({ app, pipeline, pull }: Making) {
    const { apps, pipelines, user } = this.#options;
    const json = await this.#appJson(app, pull.commit);
    const fork = app.review.fork === true;
    const beginnings = beginningsOf({
      pipeline,
      app,
      json,
      parent: fork ? undefined : await this.#parent(pipeline),
      reviewConfig: fork ? {} : await pipelines.config(pipeline, "review"),
    });
    for (const remark of [...(json?.remarks ?? []), ...beginnings.remarks]) this.#tell(app, `app.json: ${remark}`);
    await configure(apps, app.name, beginnings, user);
    return { predestroy: fork ? undefined : json?.predestroy };
  }

  async fill({ app, pipeline }: Making): Promise<void> {
    const { databases, outputs } = this.#options;
    const parent = await this.#parent(pipeline);
    const from = copiedFrom(pipeline, app, parent);
    if (from === undefined) return;
    const own = (await outputs.of(app.stack)).environment[`${from.attachment}_URL`];
    if (own === undefined) throw new UserError(`${app.name} has no database ${from.attachment} to copy into`);
    this.#tell(app, `Copying ${from.attachment} of ${parent?.name}`);
    const transfer = databases.transfers.begin({
      app: app.id,
      kind: "copy",
      addon: from.attachment,
      from: `${parent?.name}::${from.attachment}`,
      to: from.attachment,
      database: databases.credentials(own).database,
      source: databases.credentials(from.url).database,
      extensions: "",
    });
    const { state, message } = await databases.transfers.end(transfer.id);
    if (state !== "succeeded") {
      throw new UserError(`${from.attachment} of ${parent?.name} could not be copied: ${message ?? state}`);
    }
  }

  async deploy(making: Making): Promise<void> {
    await this.#options.pulls.deploy(linked(making));
  }

  async postdeploy({ app, pull }: Making): Promise<void> {
    const command = (await this.#appJson(app, pull.commit))?.postdeploy;
    if (command === undefined) return;
    const exitCode = await runScript(this.#options, app.name, "postdeploy", command);
    if (exitCode !== 0) throw new UserError(`the postdeploy script failed with exit code ${exitCode}`);
  }

  refuse(making: Making, why: string): void {
    this.#options.pulls.refuse(linked(making), why);
  }

  /** By its state alone, whatever its code is by now; what that has run before may fail, and is not waited for for long. */
  async destroy(app: PresentApp, why: string, predestroy: string | undefined): Promise<void> {
    const { apps, pulls, user } = this.#options;
    if (predestroy !== undefined && app.commit !== undefined) {
      const ran = runScript(this.#options, app.name, "pr-predestroy", predestroy);
      ran.catch((error: unknown) => this.#tell(app, `The pr-predestroy script did not run: ${messageOf(error)}`));
      await Promise.race([ran.catch(() => {}), sleep(PREDESTROY_TIMEOUT_MS, undefined, { ref: false })]);
    }
    pulls.retire(app.name);
    await apps.destroy(app.name, { user, description: `Destroy ${app.name}: ${why}` });
  }

  async #appJson({ id }: PresentApp, commit: string): Promise<AppJson | undefined> {
    const text = await appJsonOf(repositoryPath(this.#options.directory, id), commit);
    return text === undefined ? undefined : readAppJson(text, "review");
  }

  /** Undefined: there is none, or it is somebody else's, whose secrets are not for the owner of the pipeline. */
  async #parent(pipeline: ReviewingPipeline): Promise<Parent | undefined> {
    const { apps, access, outputs } = this.#options;
    const stack = parentOf(pipeline);
    const parent = (await apps.list()).find((app) => app.stack === stack);
    if (parent === undefined || access.owner(parent.id).id !== access.owner(ownedAs(pipeline.id)).id) return undefined;
    const { name, addons } = parent;
    return { name, addons, environment: (await outputs.of(parent.stack)).environment };
  }

  #tell({ name }: Pick<PresentApp, "name">, text: string): void {
    this.#options.log.write(name, { source: "app", process: "api", text });
  }
}

/** The review apps among the apps. */
export function presentApps(apps: readonly DeclaredApp[]): PresentApp[] {
  return apps.flatMap(({ review, settings, ...app }) =>
    review === undefined ? [] : [{ ...app, review, commit: declaredCommit(settings) }],
  );
}

function nameOf({ reviewApps }: ReviewingPipeline, like: string, pull: number): string {
  const { naming = "predictable", baseName = like } = reviewApps;
  const letters = Array.from({ length: 7 }, () => "abcdefghijkmnpqrstuvwxyz"[randomInt(24)]).join("");
  const end = `-pr-${naming === "random" ? letters : pull}`;
  return `${baseName.slice(0, NAME_LENGTH - end.length).replace(/-+$/, "")}${end}`;
}

function linked({ app, at, pull }: Making) {
  return { app, stack: at.link, commit: pull.commit };
}
