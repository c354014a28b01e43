import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../../lib/errors.ts";
import { DEFAULT_BASE_URL } from "../../../model/github/settings.ts";
import { type ControlPlaneSettings, placesOf, siteUrl } from "../../../model/platform/control-plane.ts";
import { declaredCommit } from "../../../model/stack/declared.ts";
import { GitError, git } from "../../../sources/git/git.ts";
import { Repository, repositoryPath } from "../../../sources/git/repository.ts";
import type { Token } from "../accounts/token.ts";
import type { Apps } from "../apps/apps.ts";
import type { OpenedApps } from "../apps/open.ts";
import type { Stacks } from "../apps/outputs.ts";
import { StackChanges } from "../apps/stack-changes.ts";
import type { Builds } from "../deploys/builds.ts";
import { Ticker } from "../dynos/ticker.ts";
import type { AppLock, Aside, Clock, LogSink } from "../types.ts";
import { LinkAccess } from "./access.ts";
import { Connections } from "./connections/connections.ts";
import { declaredLinks } from "./declared.ts";
import { Deployments, type LinkedCommit } from "./deployments.ts";
import { forgeLabel } from "./forge/addresses.ts";
import type { OpenRepositoryForge, PullRequest, RepositoryForge } from "./forge/forge.ts";
import { openForge } from "./forge/open.ts";
import { Deliveries } from "./hooks/deliveries.ts";
import { receiveDeliveries } from "./hooks/receive.ts";
import { PlatformLinks } from "./links.ts";
import { LinkOutputsReader } from "./outputs.ts";
import type { Connection, DeclaredLink, ForgeRepository, LinkingApp, Links, OpenForge } from "./ports.ts";
import { Outbox } from "./reports/outbox.ts";
import { Reporter } from "./reports/reporter.ts";
import { SentLinks } from "./sent-links.ts";
import { FetchFailed, fetchBranch } from "./worker/fetch.ts";
import { DealtHeads } from "./worker/heads.ts";
import type { ReconcilerPorts, RunningApp } from "./worker/reconciler.ts";
import { Workers } from "./worker/workers.ts";

/** Milliseconds between two looks at the links' files, which may be edited by hand. */
const LOOK_AT_FILES_MS = 30_000;

interface OpenGitHubOptions extends Pick<OpenedApps, "runner" | "journal" | "commits"> {
  readonly apps: Apps;
  readonly builds: Builds;
  readonly stacks: Stacks;
  readonly lock: AppLock;
  readonly log: LogSink;
  /** With the tables of accounts. */
  readonly store: DatabaseSync;
  /** From which the key follows that seals what users connect. */
  readonly key: Token;
  readonly settings: ControlPlaneSettings;
  readonly clock: Clock;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
  /**
   * Whether something other than an app takes a link. @param stack the link's
   * @default nothing does
   */
  needed?(stack: string): Promise<boolean>;
  /** Told of a repository at the end of each look at it. @throws UserError when it could not be read */
  looked?(link: DeclaredLink, forge: RepositoryForge, repository: ForgeRepository): Promise<void>;
  /** @default openForge */
  readonly open?: OpenRepositoryForge;
}

/** What the apps of pull requests need of links. */
export interface PullDeploys {
  /** @param stack the link's @throws UserError */
  open(stack: string): Promise<{ readonly forge: RepositoryForge; readonly repository: ForgeRepository }>;
  /** Brings a pull request into an app's repository. @returns the commit that it is at @throws UserError */
  fetch(
    app: LinkingApp,
    at: { readonly forge: Pick<RepositoryForge, "gitLogin">; readonly repository: ForgeRepository },
    pull: Pick<PullRequest, "number" | "branch">,
  ): Promise<string>;
  /** Deploys a commit that is there, and tells the forge. @throws DeployFailed, BuildRunning */
  deploy(what: LinkedCommit): Promise<void>;
  /** Tells the forge that a commit was not even begun to be deployed. */
  refuse(what: LinkedCommit, why: string): void;
  /** Tells the forge that nothing of an app is deployed any more. */
  retire(app: string): void;
  /** Whether the forge has been told all of an app. */
  told(app: string): boolean;
  /** Has a link's repository looked at. @param after milliseconds @default at once */
  again(stack: string, after?: number): void;
}

/** Links to GitHub, and what goes on by itself for them until disposed. */
export interface GitHub extends AsyncDisposable {
  readonly links: Links;
  /** Links by stack files that come from elsewhere. */
  readonly sent: Pick<SentLinks, "put">;
  readonly connections: Omit<Connections, typeof Symbol.dispose>;
  readonly open: OpenForge;
  /** Brings a branch into an app's repository. @returns the commit that it is at @throws UserError */
  fetch(
    app: LinkingApp,
    by: Pick<Connection, "baseUrl" | "credential">,
    repository: string,
    branch: string,
  ): Promise<string>;
  /** For pull requests' apps. */
  readonly pulls: PullDeploys;
  /** Takes the deliveries of webhooks. */
  readonly receive: Aside;
  /** Finishes what an earlier control plane began with links. @param calm no run is begun before this */
  resume(calm?: Promise<unknown>): Promise<void>;
  /** Begins to look at repositories; when all changes and builds have ended that an earlier control plane began. */
  start(): Promise<void>;
}

export function openGitHub(options: OpenGitHubOptions): GitHub {
  const { apps, builds, stacks, log, store, key, settings, clock, report, open = openForge } = options;
  const { platform, project, directory, domain } = settings;
  const user = `github@${domain}`;
  const tell = (app: string, text: string) => log.write(app, { source: "app", process: "api", text });
  const list = () => declaredLinks(project, platform);
  const outputs = new LinkOutputsReader(stacks);
  const access = new LinkAccess(outputs, open);
  const deliveries = new Deliveries(store, clock);
  const outbox = new Outbox(store, clock);
  const heads = new DealtHeads(store);
  const linkOf = async (stack: string) => (await list()).find((link) => link.stack === stack);
  const reporter = new Reporter({
    outbox,
    clock,
    tell,
    report,
    async addressee(stack) {
      const link = await linkOf(stack);
      if (link === undefined) return undefined;
      const { forge, repository } = await access.repository(link);
      return { forge, repository: repository.fullName, label: forgeLabel(link.forge) };
    },
  });
  const deployments = new Deployments({ builds, outbox, site: siteUrl(settings), wake: () => reporter.wake() });

  const bare = ({ id }: LinkingApp) => repositoryPath(directory, id);
  const fetch = async (
    app: LinkingApp,
    { repository, branch, pull }: { repository: ForgeRepository; branch: string; pull?: number },
    forge: Pick<RepositoryForge, "gitLogin">,
  ) =>
    fetchBranch({
      repository: bare(app),
      url: repository.cloneUrl,
      branch,
      ...(pull !== undefined && { pull }),
      name: repository.fullName,
      login: await forge.gitLogin(),
    });

  const running = async (stack: string): Promise<(RunningApp & { readonly url: string }) | undefined> => {
    const app = (await apps.list()).find((each) => each.stack === stack);
    return app && { name: app.name, id: app.id, stack, url: app.url, commit: declaredCommit(app.settings) };
  };

  const portsOf = (stack: string): Omit<ReconcilerPorts, "again" | "clock" | "report"> => ({
    link: () => linkOf(stack),
    app: running,
    async open() {
      const link = await linkOf(stack);
      if (link === undefined) throw new FetchFailed(`the link ${stack} is gone`);
      return access.forge(link);
    },
    fetch: ({ app, repository, branch }, forge) => fetch(app, { repository, branch }, forge),
    follows: (app, commit, older) => isAncestor(bare(app), older, commit),
    async deploy({ app, commit }) {
      const { url = "" } = (await running(app.stack)) ?? {};
      await (await deployments.start({ app: { ...app, url }, stack, commit }, user)).ended;
    },
    tell,
    heads,
    looked: async (link, forge, repository) => options.looked?.(link, forge, repository),
  });

  const workers = new Workers({
    list,
    outputs,
    deliveries,
    clock,
    report,
    ports: portsOf,
    async ping(stack, hook) {
      const link = await linkOf(stack);
      if (link === undefined) return;
      const { forge, repository } = await access.repository(link);
      await forge.ping(repository.fullName, hook);
    },
    gone(stack) {
      deliveries.forget(stack);
      outbox.forget(stack);
      access.forget(stack);
    },
  });
  const changes = new StackChanges({
    ...options,
    of: "link",
    project,
    platform,
    directory,
    made: (change, act) => options.commits?.commit(change, act) ?? Promise.resolve(),
  });
  const links = new PlatformLinks({
    file: { project, platform, runner: options.runner, scratch: placesOf(directory).scratch },
    list,
    changes,
    lock: options.lock,
    open,
    access,
    workers,
    deployments,
    outbox,
    needed: options.needed ?? (async () => false),
    url: async ({ stack }) => (await running(stack))?.url ?? "",
    async fetch(app, { repository, branch, commit }, forge) {
      const fetched = await fetch(app, { repository, branch }, forge);
      if (fetched === commit || (await new Repository(bare(app)).has(commit))) return;
      throw new FetchFailed(`${branch} of ${repository.fullName} was moved meanwhile. Deploy it again.`);
    },
  });
  apps.follow({
    renamed: ({ name }, to) => outbox.rename(name, to),
    async gone() {
      // Others need not be waited for.
      removeGone().catch((error: unknown) => report(`a link of an app that is gone: ${messageOf(error)}`));
    },
  });
  async function removeGone(): Promise<void> {
    const stacks = new Set((await apps.list()).map(({ stack }) => stack));
    for (const line of await links.removeGone(stacks, user)) report(`a link of an app that is gone: ${line}`);
  }

  const parts = new AsyncDisposableStack();
  parts.use(reporter);
  parts.use(workers);
  const { forge, baseUrl = DEFAULT_BASE_URL, clientId } = settings.github ?? {};
  const connections = parts.use(new Connections({ db: store, key, platform, forge, baseUrl, clientId, open, clock }));
  return {
    links,
    sent: new SentLinks({
      project,
      platform,
      changes,
      lock: options.lock,
      async changed(stack) {
        // It may have another credential.
        outbox.gained(stack);
        access.forget(stack);
        await workers.sync();
        workers.mark(stack);
      },
    }),
    connections,
    open,
    async fetch(app, by, name, branch) {
      const forge = open(by);
      return fetch(app, { repository: await forge.repository(name), branch }, forge);
    },
    pulls: {
      async open(stack) {
        const link = await linkOf(stack);
        if (link === undefined) throw new FetchFailed(`the link ${stack} is gone`);
        return access.repository(link);
      },
      fetch: (app, { forge, repository }, { number, branch }) =>
        fetch(app, { repository, branch, pull: number }, forge),
      async deploy(what) {
        await (await deployments.start({ ...what, transient: true }, user)).ended;
      },
      refuse: (what, why) => deployments.refuse(what, why),
      retire: (app) => deployments.retire(app),
      told: (app) => !outbox.untold(app),
      again: (stack, after) => (after === undefined ? void workers.mark(stack) : workers.again(stack, after)),
    },
    receive: receiveDeliveries({
      deliveries,
      secrets: (stack) => workers.secrets(stack),
      mark: (stack) => workers.mark(stack),
      report,
    }),
    resume: (calm) => links.resume(calm),
    async start() {
      if (parts.disposed) return;
      parts.use(
        new Ticker(
          LOOK_AT_FILES_MS,
          () => workers.sync(),
          (problem) => report(`links: ${problem}`),
        ),
      );
      deployments.recover();
      await workers.sync();
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Whether a commit follows an older one; one that is not there is followed by any. */
async function isAncestor(repository: string, older: string, commit: string): Promise<boolean> {
  if (!(await new Repository(repository).has(older))) return true;
  try {
    await git(repository, ["merge-base", "--is-ancestor", older, commit]);
    return true;
  } catch (error) {
    if (error instanceof GitError) return false;
    throw error;
  }
}
