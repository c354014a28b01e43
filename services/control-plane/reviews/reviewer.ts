import { messageOf, traceOf, UserError } from "../../../lib/errors.ts";
import { DeployFailed } from "../deploys/deploy-commit.ts";
import type { PullRequest, RepositoryForge } from "../github/forge/forge.ts";
import { isPassing, RETRY_MS } from "../github/worker/passing.ts";
import type { DeclaredPipeline } from "../pipelines/ports.ts";
import { reasonOf } from "../setups/setups.ts";
import type { Clock } from "../types.ts";
import { changesOnly, decide, isReviewing, undeclared, type World } from "./decide.ts";
import type { At, Hands } from "./hands.ts";
import { keyOf, type PresentApp, type ReviewAct, type ReviewStatus } from "./ports.ts";
import { isStill, setUp } from "./set-up.ts";
import type { ReviewStore } from "./store.ts";

/** How many are made or deployed at a time: others want their apps changed too. What goes waits for nobody. */
const AT_ONCE = 2;

/** What only an app that is there can be. */
const LIVE: ReadonlySet<ReviewStatus> = new Set(["creating", "created", "deleting"]);

export interface ReviewerOptions {
  readonly store: ReviewStore;
  readonly hands: Hands;
  pipelines(): Promise<readonly DeclaredPipeline[]>;
  /** The review apps, and the stacks of all apps. */
  apps(): Promise<{ readonly present: readonly PresentApp[]; readonly stacks: ReadonlySet<string> }>;
  /** The stacks of all links. */
  links(): Promise<ReadonlySet<string>>;
  /** Has a link's repository looked at again. @param after milliseconds @default at once */
  again(link: string, after?: number): void;
  /** A line of an app's log. */
  tell(app: string, text: string): void;
  readonly clock: Clock;
  /** Gets what nobody foresaw, and what should not have been there. */
  report(problem: string): void;
}

/**
 * Has an app for each pull request that is to have one, and for no other. Whatever makes it look, it reads what is open,
 * what is declared and what is there, and does what is between them.
 */
export class Reviewer {
  readonly #options: ReviewerOptions;
  readonly #running = new Map<string, { readonly kind: ReviewAct["kind"]; readonly ended: Promise<void> }>();
  /** Pipelines whose review apps are just being taken away. */
  readonly #leaving = new Set<string>();
  readonly #undeclared = new Map<string, number>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ReviewerOptions) {
    this.#options = options;
  }

  /** @param stack the link's @throws UserError when the pull requests cannot be read */
  async look(stack: string, forge: Pick<RepositoryForge, "pulls">, repository: string): Promise<void> {
    const reviewing = (await this.#options.pipelines()).filter((each) => isReviewing(each) && each.github === stack);
    // A repository without review apps is not even asked.
    if (reviewing.length === 0) return;
    await this.#act(new Map([[stack, await forge.pulls(repository)]]), false);
  }

  /** What time does, and what no repository tells of any more. */
  async sweep(): Promise<void> {
    await this.#act(new Map(), true);
  }

  /**
   * Destroys all review apps of a pipeline at once; none comes before `work` is done.
   *
   * @param pipeline its id
   * @param why in a word for people
   * @param work after which there are to be none
   */
  async removeAll(pipeline: string, why: string, work: () => Promise<void> = async () => {}): Promise<void> {
    this.#leaving.add(pipeline);
    try {
      await this.#turn;
      const going = [...this.#running].filter(([key]) => key.startsWith(keyOf(pipeline, "")));
      await Promise.all(going.map(([, { ended }]) => ended));
      await this.#destroyAll(pipeline, why);
      await work();
    } finally {
      this.#leaving.delete(pipeline);
    }
  }

  /** An app is gone. Whoever destroyed one by hand wants it back with the next commit. @param app its id */
  gone(app: string): void {
    const { store } = this.#options;
    const review = store.ofApp(app);
    if (review === undefined || this.#running.has(keyOf(review.pipeline, review.pull))) return;
    const { pipeline, pull } = review;
    store.put(pipeline, pull, { status: "deleted", app: null, name: null, message: "somebody destroyed it" });
  }

  async #destroyAll(pipeline: string, why: string): Promise<void> {
    const { apps, hands, store } = this.#options;
    const own = (await apps()).present.filter(({ review }) => review.pipeline === pipeline);
    const failed: string[] = [];
    const destroy = async (app: PresentApp) => {
      const { predestroy } = store.get(pipeline, app.review.pull) ?? {};
      store.forget(pipeline, app.review.pull);
      await hands.destroy(app, why, predestroy ?? undefined);
    };
    await Promise.all(
      own.map((app) => destroy(app).catch((error: unknown) => failed.push(`${app.name}: ${messageOf(error)}`))),
    );
    if (failed.length > 0) throw new UserError(`not all review apps could be destroyed: ${failed.join("; ")}`);
    for (const { pull } of store.list(pipeline)) store.forget(pipeline, pull);
  }

  /** Waits for what goes on. */
  async settled(): Promise<void> {
    await this.#turn;
    while (this.#running.size > 0) await Promise.allSettled([...this.#running.values()].map(({ ended }) => ended));
  }

  /** One reading of the world at a time: what is begun by one is known to the next. */
  #act(pulls: World["pulls"], sweeping: boolean): Promise<void> {
    const turn = this.#turn.then(() => this.#once(pulls, sweeping));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #once(pulls: World["pulls"], sweeping: boolean): Promise<void> {
    const { store, clock, report } = this.#options;
    // What ends while the world is read may be read as it was before.
    const busy = new Set(this.#running.keys());
    const [pipelines, { present, stacks }, links] = await Promise.all([
      this.#options.pipelines(),
      this.#options.apps(),
      this.#options.links(),
    ]);
    const now = clock();
    this.#note(pipelines, present, { stacks, links }, now);
    this.#tidy(pipelines, present, pulls, busy);
    const world: World = {
      pipelines,
      apps: present,
      stacks,
      links,
      pulls,
      review: (pipeline, pull) => store.get(pipeline, pull),
      undeclaredSince: (app) => this.#undeclared.get(app),
      busy,
      now,
    };
    for (const act of decide(world)) {
      if (this.#leaving.has(act.kind === "destroy" ? act.app.review.pipeline : act.pipeline.id)) continue;
      const making = [...this.#running.values()].filter(({ kind }) => kind !== "destroy").length;
      if (act.kind !== "destroy" && making >= AT_ONCE) continue;
      if (sweeping && act.kind === "destroy" && !act.stays) report(`the review app ${act.app.name} goes: ${act.why}`);
      this.#begin(act);
    }
  }

  /** Notes since when what is there is not declared any more. */
  #note(
    pipelines: readonly DeclaredPipeline[],
    present: readonly PresentApp[],
    all: Pick<World, "stacks" | "links">,
    now: number,
  ): void {
    const apps = new Set(present.map(({ stack }) => stack));
    for (const stack of this.#undeclared.keys()) if (!apps.has(stack)) this.#undeclared.delete(stack);
    for (const { stack, review } of present) {
      const pipeline = pipelines.find(({ id }) => id === review.pipeline);
      if (undeclared(pipeline, all) === undefined) this.#undeclared.delete(stack);
      else if (!this.#undeclared.has(stack)) this.#undeclared.set(stack, now);
    }
  }

  /** A pull request that is opened again begins anew, and what never came to be, or was lost, is not half there. */
  #tidy(
    pipelines: readonly DeclaredPipeline[],
    present: readonly PresentApp[],
    pulls: World["pulls"],
    busy: ReadonlySet<string>,
  ): void {
    const { store } = this.#options;
    const there = new Set(present.map(({ review }) => keyOf(review.pipeline, review.pull)));
    for (const { id, github } of pipelines) {
      const open = pulls.get(github ?? "");
      for (const { pull, status } of store.list(id)) {
        if (there.has(keyOf(id, pull)) || busy.has(keyOf(id, pull))) continue;
        if (open?.some(({ number }) => number === pull) === false) store.forget(id, pull);
        else if (LIVE.has(status)) store.put(id, pull, { status: "pending", app: null, name: null });
      }
    }
  }

  #begin(act: ReviewAct): void {
    const { pipeline, pull } =
      act.kind === "destroy" ? act.app.review : { pipeline: act.pipeline.id, pull: act.pull.number };
    const key = keyOf(pipeline, pull);
    const work = act.kind === "destroy" ? this.#destroy(act) : this.#make(act);
    const ended = work
      .catch((error: unknown) => this.#options.report(`a review app of ${key}: ${traceOf(error)}`))
      .finally(() => this.#running.delete(key));
    this.#running.set(key, { kind: act.kind, ended });
  }

  async #make(act: Extract<ReviewAct, { readonly pull: PullRequest }>): Promise<void> {
    const { hands, store, again, tell, report } = this.#options;
    const { pipeline, pull } = act;
    const link = pipeline.github ?? "";
    let app = act.kind === "deploy" ? act.app : undefined;
    let at: At | undefined;
    try {
      at = await hands.open(link);
      if (!(await isStill({ pull, at }))) return again(link);
      if (app === undefined) {
        if (await this.#isLeftOut(act, at)) return again(link);
        const { branch, commit } = pull;
        const anew = { app: null, name: null, stage: "new", status: "creating", message: null } as const;
        store.put(pipeline.id, pull.number, { ...anew, branch, commit });
        app = await hands.make(pipeline, pull);
      }
      store.put(pipeline.id, pull.number, { app: app.id, name: app.name, commit: pull.commit, branch: pull.branch });
      if (await setUp(hands, store, { app, pipeline, pull, at })) {
        store.put(pipeline.id, pull.number, { status: "created", deployedAt: this.#options.clock() });
        tell(app.name, `${pull.commit.slice(0, 7)} of pull request ${pull.number} is deployed`);
      }
      again(link);
    } catch (error) {
      if (isPassing(error)) return again(link, RETRY_MS);
      const why = this.#foreseen(error, `the review app of pull request ${pull.number} of ${pipeline.name}`);
      store.put(pipeline.id, pull.number, { status: "errored", commit: pull.commit, message: why });
      if (app === undefined) report(`pull request ${pull.number} of ${pipeline.name} gets no review app: ${why}`);
      if (app !== undefined) tell(app.name, `${pull.commit.slice(0, 7)} of pull request ${pull.number}: ${why}`);
      // Of a deploy that failed the forge knows.
      if (app !== undefined && at !== undefined && !(error instanceof DeployFailed)) {
        hands.refuse({ app, pipeline, pull, at }, why);
      }
      again(link);
    }
  }

  /** Only what it changes may be reason to leave it out, which has to be asked for. */
  async #isLeftOut({ pipeline, pull }: Pick<Extract<ReviewAct, { kind: "create" }>, "pipeline" | "pull">, at: At) {
    const { store } = this.#options;
    if ((pipeline.reviewApps.ignore?.paths ?? []).length === 0) return false;
    const files = await at.forge.changedFiles(at.repository.fullName, pull.number);
    if (!changesOnly(files, pipeline.reviewApps)) return false;
    const message = "it changes nothing but what is left out";
    store.put(pipeline.id, pull.number, { status: "deleted", branch: pull.branch, commit: pull.commit, message });
    return true;
  }

  async #destroy({ app, why, stays }: Extract<ReviewAct, { kind: "destroy" }>): Promise<void> {
    const { hands, store, report, links, again, pipelines } = this.#options;
    const { pipeline: id, pull } = app.review;
    const known = store.get(id, pull);
    const own = known?.app === app.id;
    if (own) store.put(id, pull, { status: "deleting", message: why });
    const link = (await pipelines().catch(() => [])).find((pipeline) => pipeline.id === id)?.github;
    try {
      await hands.destroy(app, why, own ? (known.predestroy ?? undefined) : undefined);
      if (own && stays) store.put(id, pull, { status: "deleted", message: why, app: null, name: null });
      else if (own) store.forget(id, pull);
      if (link !== undefined && (await links()).has(link)) again(link);
    } catch (error) {
      report(`the review app ${app.name} is there still: ${messageOf(error)}`);
      if (link !== undefined) again(link, RETRY_MS);
    }
  }

  #foreseen(error: unknown, what: string): string {
    if (error instanceof UserError || error instanceof DeployFailed) return reasonOf(error).split("\n", 1)[0] ?? "";
    this.#options.report(`${what}: ${traceOf(error)}`);
    return "something is wrong with the control plane; its log says more";
  }
}
