import { messageOf } from "../../../../lib/errors.ts";
import { DeployFailed } from "../../deploys/deploy-commit.ts";
import type { Clock } from "../../types.ts";
import { forgeLabel } from "../forge/addresses.ts";
import type { RepositoryForge } from "../forge/forge.ts";
import type { DeclaredLink, ForgeRepository, LinkedApp, LinkingApp } from "../ports.ts";
import { verdictOf } from "./ci.ts";
import type { DealtHeads } from "./heads.ts";
import { causeOf, isPassing, RETRY_MS } from "./passing.ts";

/** Milliseconds after which a repository's name is asked for again by its id. */
const NAME_FRESH_MS = 600_000;

/** An app as its stack file declares it. */
export interface RunningApp extends LinkingApp {
  /** The commit that it is to run; undefined: it has another source, or none. */
  readonly commit: string | undefined;
}

/** A commit to be deployed, and where it comes from. */
interface NewHead {
  readonly app: RunningApp;
  readonly link: DeclaredLink;
  readonly repository: ForgeRepository;
  readonly branch: string;
  readonly commit: string;
}

/** What the worker of a repository works with. What it asks of files it asks each time anew. */
export interface ReconcilerPorts {
  /** The link as its file declares it; undefined: there is none. */
  link(): Promise<DeclaredLink | undefined>;
  app(stack: string): Promise<RunningApp | undefined>;
  /** As whom the repository is asked, and which it is. @throws UserError */
  open(): Promise<{ readonly forge: RepositoryForge; readonly repository: number }>;
  /** Brings a branch into the app's own repository. @returns the commit that it is at by now @throws UserError */
  fetch(head: NewHead, forge: RepositoryForge): Promise<string>;
  /** Whether a commit follows another, which may be unknown. */
  follows(app: RunningApp, commit: string, older: string): Promise<boolean>;
  /** Deploys a commit that is there. @throws BuildRunning at once, and DeployFailed */
  deploy(head: NewHead): Promise<void>;
  /** A line of an app's log. */
  tell(app: string, text: string): void;
  /** Told of the repository at the end of a look at it. @throws UserError when it could not be read */
  looked?(link: DeclaredLink, forge: RepositoryForge, repository: ForgeRepository): Promise<void>;
  /** Has the repository looked at again. @param after milliseconds @default 0 */
  again(after?: number): void;
  readonly heads: DealtHeads;
  readonly clock: Clock;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** What is known of an app's branch. */
interface Seen {
  waiting?: string | undefined;
  problem?: string | undefined;
  /** What was last said in the app's log, so that it is said once. */
  told?: string | undefined;
}

/** What a look came to. */
interface Looked {
  /** Whether a branch that is deployed by itself has moved since the look before. */
  readonly moved: boolean;
  /** Whether somebody's checks are waited for. */
  readonly waiting: boolean;
}

/**
 * Makes what is declared of one repository so: it reads the heads of the linked branches, and deploys those that are new.
 * Whatever made it look, it does the same; so what told of a push, how often and in which order, makes no difference.
 */
export class Reconciler {
  readonly #ports: ReconcilerPorts;
  readonly #apps = new Map<string, Seen>();
  /** When a commit was seen first. */
  readonly #firstSeen = new Map<string, number>();
  readonly #deploying = new Map<string, Promise<void>>();
  #repository: ForgeRepository | undefined;
  #namedAt = Number.NEGATIVE_INFINITY;
  #heads: ReadonlyMap<string, string> = new Map();
  #lookedAt: number | undefined;
  #problem: string | undefined;

  constructor(ports: ReconcilerPorts) {
    this.#ports = ports;
  }

  get repository(): ForgeRepository | undefined {
    return this.#repository;
  }

  get lookedAt(): number | undefined {
    return this.#lookedAt;
  }

  /** The head of a branch when it was looked at last. */
  head(branch: string): string | undefined {
    return this.#heads.get(branch);
  }

  waiting(app: string): string | undefined {
    return this.#apps.get(app)?.waiting;
  }

  problem(app: string): string | undefined {
    return this.#problem ?? this.#apps.get(app)?.problem;
  }

  /** Waits for what is being deployed. */
  async settled(): Promise<void> {
    while (this.#deploying.size > 0) await Promise.allSettled(this.#deploying.values());
  }

  /** @throws UserError when the repository cannot be read; what is known stays */
  async look(): Promise<Looked> {
    try {
      const looked = await this.#look();
      this.#problem = undefined;
      return looked;
    } catch (error) {
      this.#problem = messageOf(error).split("\n", 1)[0];
      throw error;
    }
  }

  async #look(): Promise<Looked> {
    const { link: read, open, clock } = this.#ports;
    const link = await read();
    if (link === undefined) return { moved: false, waiting: false };
    const { forge, repository: id } = await open();
    const repository = await this.#named(link, forge, id);
    const branches = [...new Set(Object.values(link.apps).map(({ branch }) => branch))].sort();
    const before = this.#heads;
    if (branches.length > 0) this.#heads = await forge.heads(repository.fullName, branches);
    this.#lookedAt = clock();
    for (const [stack, linked] of Object.entries(link.apps)) {
      await this.#consider(link, forge, repository, stack, linked);
    }
    for (const stack of this.#apps.keys()) if (link.apps[stack] === undefined) this.#apps.delete(stack);
    for (const commit of this.#firstSeen.keys()) {
      if (![...this.#heads.values()].includes(commit)) this.#firstSeen.delete(commit);
    }
    await this.#ports.looked?.(link, forge, repository);
    const moved = Object.values(link.apps).some(
      ({ branch, autoDeploy }) => autoDeploy && before.has(branch) && before.get(branch) !== this.#heads.get(branch),
    );
    return { moved, waiting: [...this.#apps.values()].some(({ waiting }) => waiting !== undefined) };
  }

  /** A repository is known by its id: its name may have been given to another one meanwhile. */
  async #named(link: DeclaredLink, forge: RepositoryForge, id: number): Promise<ForgeRepository> {
    const { clock, tell, app } = this.#ports;
    if (this.#repository?.id === id && clock() - this.#namedAt < NAME_FRESH_MS) return this.#repository;
    const found = await forge.repositoryById(id);
    const before = this.#repository?.fullName ?? link.repository;
    if (found.fullName.toLowerCase() !== before.toLowerCase()) {
      for (const stack of Object.keys(link.apps)) {
        const linked = await app(stack);
        if (linked)
          tell(
            linked.name,
            `${forgeLabel(link.forge)}: ${before} is called ${found.fullName} now; the link follows it`,
          );
      }
    }
    this.#repository = found;
    this.#namedAt = clock();
    return found;
  }

  async #consider(
    link: DeclaredLink,
    forge: RepositoryForge,
    repository: ForgeRepository,
    stack: string,
    { branch, autoDeploy, waitForCi }: LinkedApp,
  ): Promise<void> {
    const { heads, app: find } = this.#ports;
    const seen = this.#seen(stack);
    const commit = this.#heads.get(branch);
    seen.problem = commit === undefined ? `${repository.fullName} has no branch ${branch}` : undefined;
    seen.waiting = undefined;
    // Whoever switches it on again wants what is there then.
    if (!autoDeploy) heads.forget(stack);
    if (!autoDeploy || commit === undefined || this.#deploying.has(stack)) return;
    const app = await find(stack);
    if (app === undefined) return;
    const last = heads.get(stack);
    const isLast = last?.branch === branch && last.commit === commit;
    if (app.commit === commit) {
      if (!isLast || last.failed !== undefined) heads.set(stack, { branch, commit, failed: undefined });
      return;
    }
    if (isLast) {
      seen.problem = last.failed;
      return;
    }
    seen.waiting = waitForCi ? await this.#checked(link, forge, repository, app, commit) : undefined;
    if (seen.waiting !== undefined) return;
    const deployed = this.#deploy({ app, link, repository, branch, commit }, forge).finally(() => {
      this.#deploying.delete(stack);
    });
    this.#deploying.set(stack, deployed);
  }

  /** @returns why a commit is not deployed yet */
  async #checked(
    link: DeclaredLink,
    forge: RepositoryForge,
    { fullName }: ForgeRepository,
    app: RunningApp,
    commit: string,
  ): Promise<string | undefined> {
    const since = this.#firstSeen.get(commit) ?? this.#ports.clock();
    this.#firstSeen.set(commit, since);
    const label = forgeLabel(link.forge);
    const { all, hidden } = await forge.checks(fullName, commit);
    if (hidden.length > 0) {
      // One that cannot be seen may have failed.
      const why = `its ${hidden.join(" and ")} may not be read by the credential: connect GitHub by an App that may, or switch off waiting for CI`;
      this.#tellOnce(app, `${label}: ${commit.slice(0, 7)} waits, as ${why}`);
      return `${commit.slice(0, 7)} waits, as ${why}`;
    }
    const verdict = verdictOf(all, this.#ports.clock() - since);
    const short = commit.slice(0, 7);
    if (verdict.state === "none") {
      this.#tellOnce(app, `${label}: nothing has checked ${short} within a minute, so it is deployed without`);
    }
    if (verdict.why === undefined) return undefined;
    const wait = verdict.state === "failed" ? "is not deployed" : "waits";
    this.#tellOnce(app, `${label}: ${short} ${wait}, as ${verdict.why}`);
    return `${short} ${wait}, as ${verdict.why}`;
  }

  async #deploy(head: NewHead, forge: RepositoryForge): Promise<void> {
    const { fetch, deploy, heads, again, report } = this.#ports;
    const { app, branch, commit } = head;
    const seen = this.#seen(app.stack);
    try {
      // The name may be another repository's by now.
      const { fullName } = await forge.repositoryById(head.repository.id);
      if (fullName !== head.repository.fullName) {
        this.#namedAt = Number.NEGATIVE_INFINITY;
        return again();
      }
      const fetched = await fetch(head, forge);
      // It has moved on, or is not to be deployed any more.
      if (fetched !== commit || !(await this.#stillWanted(head))) return again();
      await this.#announce(head);
      // If this process is killed, the next one cannot know what the app runs by what was dealt with before.
      heads.forget(app.stack);
      await deploy(head);
      heads.set(app.stack, { branch, commit, failed: undefined });
    } catch (error) {
      if (isPassing(error)) {
        seen.problem = messageOf(causeOf(error)).split("\n", 1)[0];
        return again(RETRY_MS);
      }
      if (!(error instanceof DeployFailed)) report(`a deploy of ${app.name}: ${messageOf(error)}`);
      heads.set(app.stack, { branch, commit, failed: `${commit.slice(0, 7)} of ${branch}: ${messageOf(error)}` });
    }
    again();
  }

  /** Settings are read again at the moment at which something is done. */
  async #stillWanted({ app, branch }: NewHead): Promise<boolean> {
    const linked = (await this.#ports.link())?.apps[app.stack];
    return linked?.autoDeploy === true && linked.branch === branch;
  }

  async #announce({ app, link, branch, commit, repository: { fullName } }: NewHead): Promise<void> {
    const { tell, follows, heads } = this.#ports;
    const last = heads.get(app.stack);
    const short = commit.slice(0, 7);
    if (last?.branch === branch && !(await follows(app, commit, last.commit))) {
      tell(
        app.name,
        `${forgeLabel(link.forge)}: ${branch} of ${fullName} was forced from ${last.commit.slice(0, 7)} to ${short}`,
      );
    }
    const label = forgeLabel(link.forge);
    const waited = link.apps[app.stack]?.waitForCi === true ? ", whose checks let it pass" : "";
    tell(app.name, `${label}: deploying ${short}, the head of ${branch} of ${fullName}${waited}`);
  }

  #tellOnce(app: RunningApp, text: string): void {
    const seen = this.#seen(app.stack);
    if (seen.told === text) return;
    seen.told = text;
    this.#ports.tell(app.name, text);
  }

  #seen(stack: string): Seen {
    const seen = this.#apps.get(stack) ?? {};
    this.#apps.set(stack, seen);
    return seen;
  }
}
