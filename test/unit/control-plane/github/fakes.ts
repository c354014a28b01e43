import { createHmac } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../../../../lib/errors.ts";
import type { Token } from "../../../../services/control-plane/accounts/token.ts";
import type { GitHub } from "../../../../services/control-plane/api/ports.ts";
import type { Build } from "../../../../services/control-plane/deploys/store.ts";
import {
  Connections,
  type ConnectionsOptions,
} from "../../../../services/control-plane/github/connections/connections.ts";
import type {
  AppLink,
  Branch,
  Credential,
  DeclaredLink,
  Forge,
  ForgeRepository,
  LinkedApp,
  LinkingApp,
  LinkState,
  Links,
  OpenForge,
} from "../../../../services/control-plane/github/ports.ts";
import type { Act } from "../../../../services/control-plane/types.ts";

/** A key that lies in no file. */
export function memoryKey(secret = "secret"): Pick<Token, "key" | "sign" | "verify"> {
  const hmac = (purpose: string) => createHmac("sha256", secret).update(purpose);
  const sign = async (purpose: string, text: string) => hmac(purpose).update(text).digest("base64url");
  return {
    key: async (purpose) => hmac(purpose).digest(),
    sign,
    verify: async (purpose, text, signature) => (await sign(purpose, text)) === signature,
  };
}

/** GitHub, and what is linked to it, in memory. */
export class FakeGitHub {
  readonly repositories = new Map<string, { readonly repository: ForgeRepository; readonly branches: Branch[] }>();
  /** Accounts by tokens, and by installations. */
  readonly logins = new Map<string, string>([["github_pat_octocat", "octocat"]]);
  readonly links = new Map<string, AppLink>();
  /** By pipelines, by the links' stacks. */
  readonly taken = new Map<string, DeclaredLink>();
  readonly states = new Map<string, Partial<LinkState>>();
  /** What links were asked to do. */
  readonly acts: { readonly app: string; readonly act: Act }[] = [];
  readonly deployed: string[] = [];
  /** Builds that are shown by the API. */
  readonly builds = new Map<string, Build>();
  /** What a disconnection leaves at GitHub. */
  left: readonly string[] = [];
  /** Why branches cannot be read. */
  unreadable: Error | undefined;
  /** Awaited by each act. */
  gate: Promise<void> = Promise.resolve();
  readonly #db: DatabaseSync;

  /** @param db with the tables of accounts */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.add("octocat/hello", "main", "next");
    this.add("octocat/spoon-knife", "main");
  }

  add(fullName: string, ...branches: readonly string[]): void {
    const repository: ForgeRepository = {
      id: this.repositories.size + 1,
      fullName,
      defaultBranch: branches[0] ?? "main",
      private: fullName.endsWith("hello"),
      htmlUrl: `https://github.com/${fullName}`,
      cloneUrl: `https://github.com/${fullName}.git`,
    };
    const heads = branches.map((name, index) => ({ name, head: String(index + 1).repeat(40) }));
    this.repositories.set(fullName, { repository, branches: heads });
  }

  port(over: Partial<ConnectionsOptions> = {}): GitHub {
    const open = over.open ?? (({ credential }) => this.#forge(credential));
    const connections = new Connections({
      db: this.#db,
      key: memoryKey(),
      platform: "test",
      baseUrl: "https://github.com",
      clientId: undefined,
      open,
      clock: Date.now,
      ...over,
    });
    return {
      connections,
      open,
      links: this.#links(open),
      fetch: async (_app, by, name, branch) => {
        await open(by).repository(name);
        return this.#find(name).branches.find((each) => each.name === branch)?.head ?? "";
      },
    };
  }

  #forge(credential: Credential): Forge {
    const who = "token" in credential ? credential.token : `installation ${credential.app.installation}`;
    const letIn = () => {
      const login = this.logins.get(who);
      if (login === undefined) throw new UserError("GitHub does not take the credential: it was revoked, or is wrong.");
      return login;
    };
    return {
      login: async () => letIn(),
      repository: async (name) => {
        letIn();
        return this.#find(name).repository;
      },
      repositoryById: async (id) => {
        letIn();
        const found = [...this.repositories.values()].find(({ repository }) => repository.id === id);
        if (found === undefined) throw new UserError(`the repository ${id} is not there.`);
        return found.repository;
      },
      branches: async (name) => {
        letIn();
        return this.#find(name).branches;
      },
      search: async (words) => {
        letIn();
        return [...this.repositories.values()].flatMap(({ repository }) =>
          repository.fullName.includes(words) ? [repository] : [],
        );
      },
      compare: async () => ({
        ahead: 1,
        commits: [{ sha: "2".repeat(40), message: "Second", author: { name: "Octo", date: "2026-01-02T00:00:00Z" } }],
      }),
    };
  }

  #links(open: OpenForge): Links {
    const world = this;
    const of = ({ name }: LinkingApp) => {
      const link = world.links.get(name);
      if (link === undefined) throw new UserError(`${name} is not linked.`);
      return link;
    };
    const put = async (app: LinkingApp, link: DeclaredLink, settings: LinkedApp, act: Act): Promise<AppLink> => {
      await world.gate;
      const { branches } = world.#find(link.repository);
      if (!branches.some(({ name }) => name === settings.branch)) {
        throw new UserError(`${link.repository} has no branch ${settings.branch}.`);
      }
      world.acts.push({ app: app.name, act });
      const linked = { ...settings, link };
      world.links.set(app.name, linked);
      return linked;
    };
    return {
      list: async () => [...[...world.links.values()].map(({ link }) => link), ...world.taken.values()],
      of: async ({ name }) => world.links.get(name),
      async connect(app, name, by, settings, act) {
        if (world.links.has(app.name)) throw new UserError(`${app.name} is connected already.`);
        const { defaultBranch: branch } = await open(by).repository(name);
        const stack = `${name.split("/")[1]}.github`;
        const path = `stacks/Pulumi.${stack}.yaml`;
        const link: DeclaredLink = { stack, path, repository: name, baseUrl: by.baseUrl, mode: "auto", apps: {} };
        return put(app, link, { branch, autoDeploy: false, waitForCi: false, ...settings }, act);
      },
      async set(app, settings, act) {
        const { link, ...before } = of(app);
        return { ...(await put(app, link, { ...before, ...settings }, act)), warnings: [] };
      },
      async disconnect(app, act) {
        of(app);
        world.acts.push({ app: app.name, act });
        world.links.delete(app.name);
        return { warnings: world.left };
      },
      async branches(app) {
        if (world.unreadable !== undefined) throw world.unreadable;
        return world.#find(of(app).link.repository).branches;
      },
      async deploy(app, branch, user) {
        const found = world.#find(of(app).link.repository).branches.find(({ name }) => name === branch);
        if (found === undefined) throw new UserError(`${of(app).link.repository} has no branch ${branch}.`);
        world.deployed.push(`${app.name} ${branch}`);
        const times = { createdAt: Date.UTC(2026, 0, 15), updatedAt: Date.UTC(2026, 0, 15) };
        const id = `00000000-0000-4000-8000-00000000000${world.deployed.length}`;
        const made: Build = {
          id,
          app: app.id,
          user,
          revision: found.head,
          version: null,
          status: "pending",
          release: null,
          ...times,
        };
        world.builds.set(id, made);
        return made;
      },
      async take(name, by, _act, work) {
        await open(by).repository(name);
        const stack = `${name.split("/")[1]}.github`;
        const link: DeclaredLink = {
          stack,
          path: `stacks/Pulumi.${stack}.yaml`,
          repository: name,
          baseUrl: by.baseUrl,
          mode: "auto",
          apps: {},
        };
        world.taken.set(stack, link);
        await work(link);
        return link;
      },
      async give(stack, _act, work) {
        await work();
        world.taken.delete(stack);
      },
      async repository({ repository }) {
        return { forge: world.#forge({ token: "github_pat_octocat" }), repository: world.#find(repository).repository };
      },
      async state(app) {
        const { repository, branches = [] } = world.repositories.get(of(app).link.repository) ?? {};
        const head = branches.find(({ name }) => name === of(app).branch)?.head;
        const known = {
          repository,
          head,
          lookedAt: undefined,
          by: "polling",
          waiting: undefined,
          problem: undefined,
        } as const;
        return { ...known, ...world.states.get(app.name) };
      },
    };
  }

  #find(name: string) {
    const found = this.repositories.get(name);
    if (found === undefined) throw new UserError(`${name} is not there, or this credential may not see it.`);
    return found;
  }
}
