import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { DeployFailed } from "../../../../services/control-plane/deploys/deploy-commit.ts";
import { type Check, ForgeError, type RepositoryForge } from "../../../../services/control-plane/github/forge/forge.ts";
import type { DeclaredLink, ForgeRepository, LinkedApp } from "../../../../services/control-plane/github/ports.ts";
import { DealtHeads } from "../../../../services/control-plane/github/worker/heads.ts";
import { Reconciler, type RunningApp } from "../../../../services/control-plane/github/worker/reconciler.ts";
import { openStore } from "../../../../services/control-plane/store.ts";

interface Deploy {
  readonly stack: string;
  readonly commit: string;
  end(error?: DeployFailed): void;
}

/** A repository with its history of heads, apps that are linked to it, and their worker, which can be killed. */
export class Model {
  readonly time = { now: 1_000_000 };
  readonly branches = new Map<string, string>();
  /** The heads that a branch had, the oldest first. */
  readonly history = new Map<string, string[]>();
  readonly links: Record<string, LinkedApp> = {};
  readonly commits = new Map<string, string>();
  readonly checks = new Map<string, Check[]>();
  /** Kinds of checks that the credential may not read. */
  hidden: string[] = [];
  readonly log: string[] = [];
  readonly problems: string[] = [];
  /** What was deployed, in order. */
  readonly deployed: { readonly stack: string; readonly commit: string }[] = [];
  repository: ForgeRepository = repository("me/flask");
  up = true;
  /** Whether something wants the repository to be looked at. */
  woken = true;
  running: Deploy[] = [];
  /** What happens while a branch is fetched. */
  fetching: () => void = () => {};
  worker: Reconciler;
  readonly #store = openStore(":memory:");
  #generation = 0;
  #count = 0;

  constructor(apps: Readonly<Record<string, LinkedApp>>) {
    Object.assign(this.links, apps);
    this.worker = this.#begin();
  }

  push(branch: string, to = `${branch}-${++this.#count}`.padEnd(8, "-")): string {
    this.branches.set(branch, to);
    this.history.set(branch, [...(this.history.get(branch) ?? []), to]);
    return to;
  }

  set(app: string, settings: Partial<LinkedApp>): void {
    this.links[app] = { ...(this.links[app] as LinkedApp), ...settings };
  }

  /** Has it looked at, as the schedule does; what it cannot read it reads the next time. */
  async look(): Promise<void> {
    this.woken = false;
    await this.worker.look().catch((error: unknown) => {
      if (!(error instanceof ForgeError)) throw error;
    });
    await settled();
  }

  /** Ends the deployment that began first. */
  async finish(error?: DeployFailed): Promise<void> {
    const [deploy, ...rest] = this.running;
    this.running = rest;
    deploy?.end(error);
    await settled();
  }

  /** Ends the control plane; the next one finds its changes made or taken back. */
  kill(made: boolean): void {
    const cut = this.running;
    this.running = [];
    this.worker = this.#begin();
    if (made) for (const { stack, commit } of cut) this.commits.set(stack, commit);
  }

  /** Looks and deploys until there is nothing to do. */
  async quiet(): Promise<void> {
    this.woken = true;
    for (let rounds = 0; this.woken || this.running.length > 0; rounds++) {
      assert.ok(rounds < 50, "it never comes to rest");
      if (this.woken) await this.look();
      await this.finish();
    }
  }

  close(): void {
    this.#store.close();
  }

  #begin(): Reconciler {
    const generation = ++this.#generation;
    this.woken = true;
    /** Of one that was killed nothing is heard any more. */
    const alive = async <T>(value: () => T): Promise<T> => {
      if (generation !== this.#generation) await new Promise(() => {});
      return value();
    };
    const asked = <T>(value: () => T): Promise<T> =>
      alive(() => {
        if (!this.up) throw new ForgeError("unreachable", "GitHub cannot be reached: no answer");
        return value();
      });
    const forge = {
      repositoryById: () => asked(() => this.repository),
      heads: (name: string, branches: readonly string[]) =>
        asked(() => {
          assert.equal(name, this.repository.fullName);
          return new Map([...this.branches].filter(([branch]) => branches.includes(branch)));
        }),
      checks: (_name: string, commit: string) =>
        asked(() => ({ all: this.checks.get(commit) ?? [], hidden: this.hidden })),
    } satisfies Partial<RepositoryForge> as unknown as RepositoryForge;
    const link = (): DeclaredLink => ({
      stack: "flask.github",
      path: "",
      repository: "me/flask",
      baseUrl: "https://github.com",
      mode: "auto",
      apps: { ...this.links },
    });
    const app = (stack: string): RunningApp => ({
      name: stack,
      id: stack,
      stack,
      commit: this.commits.get(stack),
    });
    return new Reconciler({
      link: () => alive(link),
      app: (stack) => alive(() => app(stack)),
      open: () => alive(() => ({ forge, repository: this.repository.id })),
      fetch: ({ branch }) =>
        asked(() => {
          this.fetching();
          return this.branches.get(branch) ?? "";
        }),
      follows: (_app, commit, older) => alive(() => commit > older),
      deploy: ({ app: { stack }, commit }) =>
        alive(async () => {
          assert.equal(
            this.running.some((deploy) => deploy.stack === stack),
            false,
            "one at a time",
          );
          this.deployed.push({ stack, commit });
          const { promise, resolve, reject } = Promise.withResolvers<void>();
          const end = (error?: DeployFailed) => {
            if (error !== undefined) return reject(error);
            this.commits.set(stack, commit);
            resolve();
          };
          this.running.push({ stack, commit, end });
          await promise;
        }).then((ended) => ended),
      tell: (name, text) => void this.log.push(`${name}: ${text}`),
      again: (after = 0) => {
        if (generation === this.#generation && after === 0) this.woken = true;
      },
      heads: new DealtHeads(this.#store),
      clock: () => this.time.now,
      report: (problem) => this.problems.push(problem),
    });
  }
}

export function repository(fullName: string): ForgeRepository {
  const url = `https://github.com/${fullName}`;
  return { id: 7, fullName, defaultBranch: "main", private: false, htmlUrl: url, cloneUrl: `${url}.git` };
}

/** Lets everything go on that waits for nothing. */
async function settled(): Promise<void> {
  for (let rounds = 0; rounds < 3; rounds++) await setImmediate();
}
