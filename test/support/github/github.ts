import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp, install } from "./apps.ts";
import { bareRepository, type CommitOptions, type Files, NOTHING } from "./bare-repository.ts";
import { statusPayload, suiteShape, suiteState } from "./checks.ts";
import { type Deliveries, deliveriesOf, payloadRepository } from "./deliveries.ts";
import type { Faults } from "./faults.ts";
import { Operations } from "./operations.ts";
import { payloadSchemas } from "./payload-schemas.ts";
import { wholePullShape } from "./pulls.ts";
import { pushPayload } from "./pushes.ts";
import { handler, type Recorded } from "./server.ts";
import { site } from "./site.ts";
import {
  type App,
  type CheckRun,
  type CheckSuite,
  type Comment,
  fullName,
  type Installation,
  newSecret,
  newState,
  now,
  type Permission,
  type Pull,
  type Repository,
  type State,
  type Status,
  type Token,
  type User,
} from "./state.ts";

export type { App, CheckSuite, Delivery, Repository, Token, User } from "./state.ts";

/**
 * A stand-in for GitHub: REST, webhooks, git over HTTP, the ways to get tokens. What it is asked and what it answers is
 * held against GitHub's published descriptions; what is not as they say is in `problems`, and fails the test at its end.
 */
export interface GitHub extends AsyncDisposable {
  /** What is `baseUrl` to the product: `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Its REST API, `…/api/v3`. */
  readonly api: string;
  readonly state: State;
  readonly faults: Faults;
  readonly deliveries: Deliveries;
  /** Every request, as it was answered. */
  readonly requests: Recorded[];
  /** What was not as GitHub has it: one line each. A test that provokes some takes them out. */
  readonly problems: string[];
  user(login: string, type?: User["type"]): User;
  token(login: string, options?: TokenOptions): Token;
  repository(name: string, options?: RepositoryOptions): Promise<TestRepository>;
  /** As its owner does on the site: redirects from the old name stay, and hooks are told. */
  rename(repository: Repository, name: string): void;
  /** A GitHub App, as if made from a manifest. */
  app(owner: string, manifest?: Readonly<Record<string, unknown>>): App;
  /** Installs it for these repositories, by full name, in the account of the first one's owner. */
  install(app: App, ...repositories: readonly string[]): Installation;
  /** The user enters a device's code, and lets it in or not. */
  answerDevice(userCode: string, verdict: "approve" | "deny", login?: string): void;
}

interface TokenOptions {
  /** @default "admin" */
  readonly permission?: Permission;
  /** Full names, as of a fine-grained token. @default all that its user sees */
  readonly repositories?: readonly string[];
}

interface RepositoryOptions {
  /** @default false */
  readonly private?: boolean;
  /** @default "main" */
  readonly defaultBranch?: string;
  readonly collaborators?: Readonly<Record<string, Permission>>;
}

/** A repository, and what people do to it; each tells the hooks. */
export interface TestRepository extends Repository {
  /** Commits and pushes. Gives the commit's id. */
  commit(branch: string, files: Files, options?: CommitOptions): Promise<string>;
  /** Pushes by force: a commit that does not follow the branch's head. */
  forcePush(branch: string, files: Files, parent?: string | null): Promise<string>;
  /** Moves a branch to a commit that is there, making the branch if need be. */
  moveBranch(branch: string, target: string): Promise<void>;
  deleteBranch(branch: string): Promise<void>;
  /** Reports a commit's status, as a CI service with a token does. */
  status(sha: string, state: Status["state"], context?: string): Promise<void>;
  /** Makes a suite of checks of a commit, by their names; without checks it stays queued for ever. */
  suite(sha: string, branch: string, checks?: Checks): Promise<CheckSuite>;
  /** Ends checks of a suite, or begins some; once all have ended, the hooks are told. */
  check(suite: CheckSuite, checks: Checks): Promise<void>;
  /** Opens a pull request from a branch to another. @param more `from`: the fork that the branch is in */
  pull(head: string, base?: string, more?: { readonly from?: Repository; readonly draft?: boolean }): Pull;
  /** Closes, reopens or changes a pull request. */
  setPull(pull: Pull, to: Partial<Pick<Pull, "state" | "base" | "draft">>): Promise<void>;
  /** Somebody writes a comment on a pull request. */
  comment(pull: Pull, login: string, body: string): Comment;
}

/** Checks by their names: how they ended, or that they run. */
type Checks = Readonly<Record<string, Exclude<CheckRun["conclusion"], null> | "in_progress" | "queued">>;

/** @param address where it listens; containers reach the host at another one than it reaches itself */
export async function startGitHub(address = "127.0.0.1"): Promise<GitHub> {
  const folder = await mkdtemp(join(tmpdir(), "dynoform-github-"));
  const state = newState();
  const problems: string[] = [];
  const requests: Recorded[] = [];
  const faults: Faults = { current: undefined, meets: () => true };
  const problem = (line: string) => void problems.push(line);
  const place = { url: "", api: "" };
  const deliveries = deliveriesOf(state, place, payloadSchemas(problem));
  const operations = new Operations(problem);
  const parts = { state, place: () => place, faults, operations, deliveries, requests, site, problem };
  const server = createServer({ keepAliveTimeout: 1000 }, handler(parts));
  await new Promise<void>((resolve) => {
    server.listen(0, address, resolve);
  });
  place.url = `http://${address}:${(server.address() as AddressInfo).port}`;
  place.api = `${place.url}/api/v3`;

  function user(login: string, type: User["type"] = "User"): User {
    const known = state.users.get(login.toLowerCase());
    if (known !== undefined) return known;
    const made: User = { id: state.next(), login, type };
    state.users.set(login.toLowerCase(), made);
    return made;
  }

  async function repository(name: string, options: RepositoryOptions = {}): Promise<TestRepository> {
    const { private: hidden = false, defaultBranch = "main", collaborators = {} } = options;
    const [owner = "", short = ""] = name.split("/");
    const id = state.next();
    const made: TestRepository = {
      id,
      owner: user(owner),
      name: short,
      private: hidden,
      defaultBranch,
      collaborators: new Map(Object.entries(collaborators)),
      formerNames: [],
      git: await bareRepository(folder, String(id), defaultBranch),
      hooks: new Map(),
      keys: new Map(),
      statuses: [],
      suites: [],
      deployments: [],
      pulls: [],
      comments: [],
      createdAt: now(),
      commit: (branch, files, more) => moving(branch, () => made.git.commit(branch, files, more)),
      forcePush: (branch, files, parent = null) => moving(branch, () => made.git.commit(branch, files, { parent })),
      async moveBranch(branch, target) {
        await moving(branch, () => made.git.move(branch, target));
      },
      async deleteBranch(branch) {
        await moving(branch, () => made.git.move(branch, undefined));
      },
      async status(sha, reported, context = "ci") {
        const at = now();
        const about = { description: null, targetUrl: null, creator: made.owner, at };
        const status: Status = { id: state.next(), sha, state: reported, context, ...about };
        made.statuses.push(status);
        deliveries.emit(made, "status", await statusPayload(made, status, place));
      },
      async suite(sha, branch, checks = {}) {
        const suite: CheckSuite = { id: state.next(), sha, branch, app: "github-actions", runs: [] };
        made.suites.push(suite);
        await made.check(suite, checks);
        return suite;
      },
      async check(suite, checks) {
        checked(suite, checks);
        if (suiteState(suite).status !== "completed") return;
        const shape = await suiteShape(suite, made, place);
        deliveries.emit(made, "check_suite", { action: "completed", check_suite: shape });
      },
      pull(head, base = made.defaultBranch, { from = made, draft = false } = {}) {
        const number = made.pulls.length + 1;
        const about = { head, from, base, draft, title: head, user: from.owner, at: now() };
        const pull: Pull = { id: state.next(), number, state: "open", ...about };
        made.pulls.push(pull);
        void tellPull("opened", pull);
        return pull;
      },
      async setPull(pull, to) {
        Object.assign(pull, to);
        const action = to.state === "closed" ? "closed" : to.state === "open" ? "reopened" : "edited";
        await tellPull(action, pull);
      },
      comment(pull, login, body) {
        const at = now();
        const comment: Comment = { id: state.next(), issue: pull.number, user: user(login), body, at, updatedAt: at };
        made.comments.push(comment);
        return comment;
      },
    };
    state.repositories.push(made);

    function checked(suite: CheckSuite, checks: Checks): void {
      for (const [run, how] of Object.entries(checks)) {
        const running = how === "in_progress" || how === "queued";
        const state_ = running ? { status: how, conclusion: null } : { status: "completed" as const, conclusion: how };
        const known = suite.runs.find((each) => each.name === run);
        if (known === undefined) suite.runs.push({ id: state.next(), name: run, ...state_ });
        else Object.assign(known, state_);
      }
    }

    async function tellPull(action: string, pull: Pull): Promise<void> {
      const shape = await wholePullShape(pull, made, place);
      const changes = action === "edited" ? { changes: {} } : {};
      const side = (part: typeof shape.head, of: Repository) => ({
        ...part,
        repo: payloadRepository(of, place, "pull_request"),
      });
      const inEvent = { ...shape, head: side(shape.head, pull.from), base: side(shape.base, made) };
      deliveries.emit(made, "pull_request", { action, number: pull.number, pull_request: inEvent, ...changes });
    }

    /** Pushes: what moves a branch is told to the hooks. */
    async function moving<T>(branch: string, move: () => Promise<T>): Promise<T> {
      const before = (await made.git.head(branch)) ?? NOTHING;
      const result = await move();
      const after = (await made.git.head(branch)) ?? NOTHING;
      if (before === after) return result;
      deliveries.emit(made, "push", await pushPayload(made, place, branch, before, after));
      for (const pull of made.pulls.filter(
        ({ head, from, state }) => head === branch && from === made && state === "open",
      )) {
        // As on GitHub: it goes with its branch.
        if (after === NOTHING) await made.setPull(pull, { state: "closed" });
      }
      if (after === NOTHING) {
        deliveries.emit(made, "delete", { ref: branch, ref_type: "branch", pusher_type: "user" });
      }
      return result;
    }
    return made;
  }

  return {
    get url() {
      return place.url;
    },
    get api() {
      return place.api;
    },
    state,
    faults,
    deliveries,
    requests,
    problems,
    user,
    token(login, { permission = "admin", repositories } = {}) {
      const value = newSecret(repositories === undefined ? "ghp_" : "github_pat_");
      const made: Token = { value, user: user(login), permission, repositories, revoked: false };
      state.tokens.set(value, made);
      return made;
    },
    repository,
    rename(renamed, name) {
      const before = fullName(renamed);
      const [owner = "", short = ""] = name.split("/");
      const from = renamed.name;
      renamed.formerNames.push(before);
      renamed.owner = user(owner);
      renamed.name = short;
      deliveries.emit(renamed, "repository", { action: "renamed", changes: { repository: { name: { from } } } });
    },
    app: (owner, manifest = { name: "Dynoform" }) => createApp(state, user(owner), manifest),
    install(app, ...repositories) {
      const [owner = ""] = repositories[0]?.split("/") ?? [];
      return install(state, app, user(owner), repositories);
    },
    answerDevice(userCode, verdict, login) {
      const device = state.devices.find((each) => each.userCode === userCode);
      if (device === undefined) throw new Error(`no device shows ${userCode}`);
      const [first = user("octo")] = state.users.values();
      device.verdict = verdict === "deny" ? "denied" : login === undefined ? first : user(login);
    },
    async [Symbol.asyncDispose]() {
      faults.current = undefined;
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      server.closeAllConnections();
      await closed;
      await deliveries.settled();
      await rm(folder, { recursive: true, force: true });
      if (problems.length > 0) throw new Error(`not as on GitHub:\n${[...new Set(problems)].join("\n")}`);
    },
  };
}
