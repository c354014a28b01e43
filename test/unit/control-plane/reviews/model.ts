import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { UserError } from "../../../../lib/errors.ts";
import type { ReviewAppsSettings } from "../../../../model/pipeline/review-apps.ts";
import { DeployFailed } from "../../../../services/control-plane/deploys/deploy-commit.ts";
import { ForgeError, type PullRequest } from "../../../../services/control-plane/github/forge/forge.ts";
import type { DeclaredPipeline } from "../../../../services/control-plane/pipelines/ports.ts";
import type { Hands } from "../../../../services/control-plane/reviews/hands.ts";
import type { PresentApp } from "../../../../services/control-plane/reviews/ports.ts";
import { Reviewer } from "../../../../services/control-plane/reviews/reviewer.ts";
import { ReviewStore } from "../../../../services/control-plane/reviews/store.ts";
import { openStore } from "../../../../services/control-plane/store.ts";

const LINK = "shop.github";
const MINUTE_MS = 60_000;

/** Something that is being done to an app, and goes on when the model says so. */
interface Step {
  readonly what: string;
  /** `cut`: the process is killed; what it began is made, or taken back. */
  end(how: "made" | "failed"): void;
  cut(made: boolean): void;
}

/** A repository with pull requests, a pipeline, a host with apps, and the reviewer between them, which can be killed. */
export class Model {
  readonly time = { now: 1_000_000 };
  readonly pulls = new Map<number, PullRequest>();
  readonly apps = new Map<string, PresentApp>();
  /** What stays of an app outside of its stack until it is destroyed: databases, repository, what the forge shows. */
  readonly belongings = new Set<string>();
  /** How often an app's script was run, by the app's id. */
  readonly scripts = new Map<string, number>();
  readonly problems: string[] = [];
  readonly files = new Map<number, readonly string[]>();
  settings: ReviewAppsSettings | "unclear" | undefined;
  declared = true;
  linked = true;
  parent = true;
  up = true;
  steps: Step[] = [];
  /** How often the pull requests were asked for. */
  asked = 0;
  woken = true;
  reviewer: Reviewer;
  readonly store: ReviewStore;
  readonly #db = openStore(":memory:");
  #generation = 0;
  #count = 0;

  constructor(settings: ReviewAppsSettings | undefined = {}) {
    this.settings = settings;
    this.store = new ReviewStore(this.#db, () => this.time.now);
    this.reviewer = this.#begin();
  }

  open(number: number, more: Partial<PullRequest> = {}): void {
    const about = { number, title: "", url: "", draft: false, branch: `feature-${number}`, fork: false };
    this.pulls.set(number, { ...about, open: true, commit: this.#commit(), ...more });
    this.woken = true;
  }

  change(number: number, to: Partial<PullRequest>): void {
    const pull = this.pulls.get(number);
    if (pull !== undefined) this.pulls.set(number, { ...pull, ...to });
    this.woken = true;
  }

  set(settings: Model["settings"]): void {
    this.settings = settings;
  }

  wait(milliseconds: number): void {
    this.time.now += milliseconds;
  }

  push(number: number): void {
    this.change(number, { commit: this.#commit() });
  }

  /** As the schedule does; what it cannot read it reads the next time. */
  async look(): Promise<void> {
    this.woken = false;
    const forge = { pulls: async () => this.#ask(() => [...this.pulls.values()].filter(({ open }) => open)) };
    const look = this.linked ? this.reviewer.look(LINK, forge, "octo/shop") : this.reviewer.sweep();
    await look.catch((error: unknown) => {
      if (!(error instanceof ForgeError)) throw error;
    });
    await settled();
  }

  async sweep(): Promise<void> {
    await this.reviewer.sweep();
    await settled();
  }

  /** Ends one of the things that go on. */
  async step(which: number, how: "made" | "failed" = "made"): Promise<void> {
    if (this.steps.length === 0) return;
    const [step] = this.steps.splice(which % this.steps.length, 1);
    step?.end(how);
    await settled();
  }

  /** Ends the control plane; the next one finds its changes made or taken back. */
  async kill(made: boolean): Promise<void> {
    const cut = this.steps;
    this.steps = [];
    this.reviewer = this.#begin();
    for (const step of cut) step.cut(made);
    await settled();
  }

  /** Until there is nothing to do any more. */
  async quiet(): Promise<void> {
    this.up = true;
    for (let rounds = 0, still = 0; still < 3; rounds++) {
      assert.ok(rounds < 300, `it never comes to rest: ${this.steps.map(({ what }) => what)}`);
      const before = [...this.apps.values()].map(({ name, commit }) => `${name} ${commit}`).join();
      this.time.now += MINUTE_MS / 2;
      if (this.linked) await this.look();
      else this.woken = false;
      await this.sweep();
      while (this.steps.length > 0) await this.step(0);
      const after = [...this.apps.values()].map(({ name, commit }) => `${name} ${commit}`).join();
      still = before === after && !this.woken ? still + 1 : 0;
    }
  }

  close(): void {
    this.#db.close();
  }

  pipeline(): DeclaredPipeline {
    const { settings } = this;
    const stages = { development: [], staging: ["shop"], production: [] };
    return {
      name: "shop",
      id: "shop",
      stack: "shop.pipeline",
      path: "",
      stages,
      github: LINK,
      reviewApps: settings,
      createdAt: 0,
    };
  }

  #commit(): string {
    return String(++this.#count).padStart(40, "0");
  }

  #ask<T>(value: () => T): T {
    this.asked++;
    if (!this.up) throw new ForgeError("unreachable", "no answer");
    return value();
  }

  #begin(): Reviewer {
    const generation = ++this.#generation;
    this.woken = true;
    const isAlive = () => generation === this.#generation;
    /** Of one that was killed nothing is heard any more. */
    const alive = async <T>(value: () => T): Promise<T> => {
      if (!isAlive()) await new Promise(() => {});
      return value();
    };
    /** @param always whether the next process finishes it in any case */
    const step = async (what: string, done: () => void, always = false): Promise<void> => {
      await alive(() => {});
      await new Promise<void>((resolve, reject) => {
        this.steps.push({
          what,
          end(how) {
            if (how === "failed") return reject(new DeployFailed("build failed"));
            done();
            resolve();
          },
          cut: (made) => void ((made || always) && done()),
        });
      });
    };
    const there = (name: string) => assert.ok(this.apps.has(name), `${name} is changed, and is not there`);
    const hands: Hands = {
      open: async (link) => ({
        link,
        forge: {
          pull: async (_name, number) => alive(() => this.#ask(() => this.pulls.get(number))),
          gitLogin: async () => ({ username: "", password: "" }),
          changedFiles: async (_name, number) => alive(() => this.#ask(() => this.files.get(number) ?? ["a"])),
        },
        repository: { id: 7, fullName: "octo/shop", defaultBranch: "main", private: false, htmlUrl: "", cloneUrl: "" },
      }),
      make: async (pipeline, pull) => {
        const name = `shop-pr-${pull.number}`;
        const review = { pipeline: pipeline.id, pull: pull.number, branch: pull.branch };
        const id = `${name}-${++this.#count}`;
        const app: PresentApp = { name, id, stack: name, url: "", review, commit: undefined, createdAt: this.time.now };
        await step(`make ${name}`, () => {
          if (this.apps.has(name)) throw new UserError(`${name} is there already`);
          this.apps.set(name, app);
          this.belongings.add(name);
        });
        return app;
      },
      fetch: ({ pull }) => alive(() => this.#ask(() => this.pulls.get(pull.number)?.commit ?? "")),
      configure: async ({ app: { name } }) => {
        await step(`configure ${name}`, () => there(name));
        return { predestroy: undefined };
      },
      fill: () => alive(() => {}),
      deploy: ({ app: { name }, pull: { commit } }) =>
        step(`deploy ${name}`, () => {
          there(name);
          this.apps.set(name, { ...(this.apps.get(name) as PresentApp), commit });
        }),
      postdeploy: async ({ app: { name, id } }) => {
        await alive(() => {
          there(name);
          this.scripts.set(id, (this.scripts.get(id) ?? 0) + 1);
        });
        await step(`postdeploy ${name}`, () => {});
      },
      refuse: () => {},
      destroy: ({ name }) =>
        step(
          `destroy ${name}`,
          () => {
            this.apps.delete(name);
            this.belongings.delete(name);
          },
          // What was begun to be destroyed is destroyed by the next process.
          true,
        ),
    };
    return new Reviewer({
      store: new Proxy(this.store, {
        // A process that was killed writes nothing.
        get: (store, name) => {
          const value = Reflect.get(store, name, store);
          if (typeof value !== "function") return value;
          return (...args: unknown[]) => {
            if (!isAlive()) throw new Error("killed");
            return value.apply(store, args);
          };
        },
      }),
      hands,
      pipelines: () => alive(() => (this.declared ? [this.pipeline()] : [])),
      apps: () => alive(() => ({ present: [...this.apps.values()], stacks: new Set(this.parent ? ["shop"] : []) })),
      links: () => alive(() => new Set(this.linked ? [LINK] : [])),
      again: (_link, after = 0) => {
        if (isAlive() && after === 0) this.woken = true;
      },
      tell: () => {},
      clock: () => this.time.now,
      report: (problem) => void (isAlive() && this.problems.push(problem)),
    });
  }
}

/** Lets everything go on that waits for nothing. */
async function settled(): Promise<void> {
  for (let rounds = 0; rounds < 3; rounds++) await setImmediate();
}
