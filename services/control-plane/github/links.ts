import { UserError } from "../../../lib/errors.ts";
import type { StackChanges } from "../apps/stack-changes.ts";
import type { Say } from "../deploys/deploy-commit.ts";
import type { Build } from "../deploys/store.ts";
import type { Act, AppLock } from "../types.ts";
import type { LinkAccess } from "./access.ts";
import { isSameRepository } from "./declared.ts";
import type { Deployments } from "./deployments.ts";
import { type By, ForgeError, type OpenRepositoryForge, type RepositoryForge } from "./forge/forge.ts";
import { type LinkFileOptions, newLink, withApp, withCredential } from "./link-file.ts";
import type {
  AppLink,
  Branch,
  DeclaredLink,
  ForgeRepository,
  LinkedApp,
  LinkingApp,
  LinkState,
  Links,
  RepositoryAccess,
  Warned,
} from "./ports.ts";
import type { Outbox } from "./reports/outbox.ts";
import type { Workers } from "./worker/workers.ts";

interface PlatformLinksOptions {
  readonly file: LinkFileOptions;
  /** What the links' files declare at this moment. */
  list(): Promise<readonly DeclaredLink[]>;
  readonly changes: StackChanges;
  readonly lock: AppLock;
  readonly open: OpenRepositoryForge;
  readonly access: LinkAccess;
  readonly workers: Workers;
  readonly deployments: Deployments;
  readonly outbox: Pick<Outbox, "gained">;
  /** Whether something other than an app takes a link. @param stack the link's */
  needed(stack: string): Promise<boolean>;
  /** Where an app is served. */
  url(app: LinkingApp): Promise<string>;
  /** Brings a commit into an app's repository. @throws UserError */
  fetch(
    app: LinkingApp,
    at: { repository: ForgeRepository; branch: string; commit: string },
    forge: RepositoryForge,
  ): Promise<void>;
}

/** The links of a platform's apps. Each change edits a repository's stack file and brings its stack up. */
export class PlatformLinks implements Links {
  readonly #options: PlatformLinksOptions;

  constructor(options: PlatformLinksOptions) {
    this.#options = options;
  }

  list(): Promise<readonly DeclaredLink[]> {
    return this.#options.list();
  }

  async of({ stack }: LinkingApp): Promise<AppLink | undefined> {
    for (const link of await this.list()) {
      const linked = link.apps[stack];
      if (linked !== undefined) return { ...linked, link };
    }
    return undefined;
  }

  async connect(app: LinkingApp, repository: string, by: By, settings: Partial<LinkedApp>, act: Act): Promise<AppLink> {
    checkName(repository);
    const forge = this.#options.open(by);
    const found = await forge.repository(repository);
    const { branch = found.defaultBranch, autoDeploy = false, waitForCi = false } = settings;
    await checkBranch(forge, found.fullName, branch);
    return this.#inTurn(app, found.fullName, async () => {
      const present = await this.of(app);
      if (present !== undefined && !isSame(present.link, found, by)) {
        throw new UserError(`${app.name} is connected to ${present.link.repository} already. Disconnect it first.`);
      }
      const link = present?.link ?? (await this.list()).find((each) => isSame(each, found, by));
      const linked = { branch, autoDeploy, waitForCi };
      if (link === undefined) await this.#make(found, by, { [app.stack]: linked }, act, app.name);
      else await this.#add(app, link, by, linked, act);
      return this.#changed(app);
    });
  }

  async set(app: LinkingApp, settings: Partial<LinkedApp>, act: Act): Promise<AppLink & Warned> {
    const { link } = await this.#known(app);
    return this.#inTurn(app, link.repository, async () => {
      const { link, branch, autoDeploy, waitForCi } = await this.#known(app);
      const linked = { branch, autoDeploy, waitForCi, ...settings };
      if (linked.branch !== branch) {
        const { forge, repository } = await this.#options.access.repository(link);
        await checkBranch(forge, repository.fullName, linked.branch);
      }
      const edit = (text: string) => withApp(text, link.path, app.stack, linked);
      // What is only taken away is so at once, whatever the forge says.
      const loosens =
        linked.branch === branch && (!linked.autoDeploy || autoDeploy) && (!linked.waitForCi || waitForCi);
      const { warnings } = await this.#options.changes.edit(app.name, link, act, edit, loosens ? "loosen" : "edit");
      return { ...(await this.#changed(app)), warnings };
    });
  }

  async disconnect(app: LinkingApp, act: Act): Promise<Warned> {
    const { link } = await this.#known(app);
    return this.#inTurn(app, link.repository, async () => {
      const { link } = await this.#known(app);
      return { warnings: await this.#remove(app.name, link, [app.stack], act) };
    });
  }

  async branches(app: LinkingApp): Promise<readonly Branch[]> {
    const { link } = await this.#known(app);
    const { forge, repository } = await this.#options.access.repository(link);
    return forge.branches(repository.fullName);
  }

  async deploy(app: LinkingApp, branch: string, user: string): Promise<Build> {
    const { access, deployments, fetch, url } = this.#options;
    const { link } = await this.#known(app);
    const { forge, repository } = await access.repository(link);
    const commit = await checkBranch(forge, repository.fullName, branch);
    const bring = async (say: Say) => {
      say(`-----> Fetching ${branch} of ${repository.fullName}, which is at ${commit.slice(0, 7)}`);
      await fetch(app, { repository, branch, commit }, forge);
    };
    const what = { app: { ...app, url: await url(app) }, stack: link.stack, commit };
    return (await deployments.start(what, user, bring)).build;
  }

  async state(app: LinkingApp): Promise<LinkState> {
    const { workers } = this.#options;
    const { link, branch } = await this.#known(app);
    const worker = workers.of(link.stack);
    return {
      repository: worker?.repository,
      head: worker?.head(branch),
      lookedAt: worker?.lookedAt,
      by: workers.by(link.stack),
      waiting: worker?.waiting(app.stack),
      problem: worker?.problem(app.stack),
    };
  }

  async take(name: string, by: By, act: Act, work: (link: DeclaredLink) => Promise<void>): Promise<DeclaredLink> {
    const { lock, open, workers } = this.#options;
    checkName(name);
    const found = await open(by).repository(name);
    return lock.run(found.fullName.toLowerCase(), "a change", async () => {
      const present = (await this.list()).find((each) => isSame(each, found, by));
      if (present !== undefined) await this.#renew(present.stack, present, by, act);
      const link = present ?? (await this.#make(found, by, {}, act));
      try {
        await work(link);
      } catch (error) {
        await this.#removeUnneeded(link, act);
        throw error;
      }
      await workers.sync();
      workers.mark(link.stack);
      return link;
    });
  }

  async give(stack: string, act: Act, work: () => Promise<void>): Promise<void> {
    const link = (await this.list()).find((each) => each.stack === stack);
    if (link === undefined) return work();
    await this.#options.lock.run(link.repository.toLowerCase(), "a change", async () => {
      await work();
      await this.#removeUnneeded(await this.#link(stack), act);
      await this.#options.workers.sync();
    });
  }

  repository(link: DeclaredLink): Promise<RepositoryAccess> {
    return this.#options.access.repository(link);
  }

  /**
   * Takes apps that are no more from their links.
   *
   * @param stacks of the apps that are there
   * @returns what is left at a forge: a line each
   * @throws what the first change that failed says
   */
  async removeGone(stacks: ReadonlySet<string>, user: string): Promise<readonly string[]> {
    const left: string[] = [];
    for (const { stack, repository, apps } of await this.list()) {
      if (Object.keys(apps).every((app) => stacks.has(app))) continue;
      await this.#options.lock.run(repository.toLowerCase(), "the removal of an app", async () => {
        const link = (await this.list()).find((each) => each.stack === stack);
        const gone = Object.keys(link?.apps ?? {}).filter((app) => !stacks.has(app));
        if (link === undefined || gone.length === 0) return;
        const description = `Disconnect ${gone.join(", ")}, which is gone, from ${link.repository}`;
        left.push(...(await this.#remove(gone[0] ?? "", link, gone, { user, description })));
      });
    }
    return left;
  }

  /**
   * Finishes what an earlier process began. Each link has its turn at once, so that nobody changes it before.
   *
   * @param calm no run is begun before this
   */
  async resume(calm?: Promise<unknown>): Promise<void> {
    const { changes, lock } = this.#options;
    await Promise.all(
      changes.unfinished().map((change) => lock.run(change.stack, "a change", () => changes.resume(change, calm))),
    );
  }

  async #link(stack: string): Promise<DeclaredLink> {
    const link = (await this.list()).find((each) => each.stack === stack);
    if (link === undefined) throw new UserError(`the link ${stack} is gone`);
    return link;
  }

  async #removeUnneeded(link: DeclaredLink, act: Act): Promise<void> {
    const { changes, needed } = this.#options;
    if (Object.keys(link.apps).length > 0 || (await needed(link.stack))) return;
    await changes.destroy(link.stack, link, act);
  }

  /** With the last app the stack goes, unless something else takes it. */
  async #remove(name: string, link: DeclaredLink, stacks: readonly string[], act: Act): Promise<readonly string[]> {
    const { changes, workers, needed } = this.#options;
    const rest = Object.keys(link.apps).filter((app) => !stacks.includes(app));
    const without = (text: string) => stacks.reduce((now, app) => withApp(now, link.path, app, undefined), text);
    const warnings =
      rest.length === 0 && !(await needed(link.stack))
        ? await changes.destroy(name, link, act)
        : (await changes.edit(name, link, act, without, "loosen")).warnings;
    await workers.sync();
    return warnings;
  }

  /** @param app for which it is done */
  async #make(
    { fullName }: ForgeRepository,
    by: By,
    apps: Readonly<Record<string, LinkedApp>>,
    act: Act,
    app?: string,
  ): Promise<DeclaredLink> {
    const { file, changes } = this.#options;
    const link = await newLink(file, fullName, by, apps);
    await changes.create(app ?? link.stack, link, act);
    return this.#link(link.stack);
  }

  async #add(app: LinkingApp, link: DeclaredLink, by: By, linked: LinkedApp, act: Act): Promise<void> {
    await this.#renew(app.name, link, by, act, (text) => withApp(text, link.path, app.stack, linked));
  }

  /** Edits a link, and gives it another credential where its own lets nobody in. @param app for which it is done */
  async #renew(app: string, link: DeclaredLink, by: By, act: Act, edit?: (text: string) => string): Promise<void> {
    const { file, changes, outbox, access } = this.#options;
    const works = await this.#works(link);
    if (works && edit === undefined) return;
    await changes.edit(app, link, act, async (before) => {
      const text = edit?.(before) ?? before;
      return works ? text : withCredential(file, link, text, by.credential);
    });
    if (works) return;
    outbox.gained(link.stack);
    access.forget(link.stack);
  }

  /** Whether a link's own credential still lets us in; one that does is not replaced by another person's. */
  async #works(link: DeclaredLink): Promise<boolean> {
    try {
      await this.#options.access.repository(link);
      return true;
    } catch (error) {
      return error instanceof ForgeError && ["limited", "unreachable"].includes(error.problem);
    }
  }

  /** After a change that was made. */
  async #changed(app: LinkingApp): Promise<AppLink> {
    const { workers } = this.#options;
    await workers.sync();
    const link = await this.#known(app);
    workers.mark(link.link.stack);
    return link;
  }

  async #known(app: LinkingApp): Promise<AppLink> {
    const link = await this.of(app);
    if (link !== undefined) return link;
    throw new UserError(`${app.name} is not connected to a repository. Connect it first.`);
  }

  /** One change of an app's link, and of a repository's, at a time. Other acts on the app do not wait for it. */
  #inTurn<T>(app: LinkingApp, repository: string, work: () => Promise<T>): Promise<T> {
    const { lock } = this.#options;
    return lock.run(`the link of ${app.name}`, "a change", () =>
      lock.run(repository.toLowerCase(), `a change for ${app.name}`, work),
    );
  }
}

function isSame(link: DeclaredLink, { fullName }: ForgeRepository, { baseUrl }: By): boolean {
  return isSameRepository(link, { repository: fullName, baseUrl });
}

/** @returns the branch's head @throws UserError */
async function checkBranch(forge: RepositoryForge, repository: string, branch: string): Promise<string> {
  const head = (await forge.heads(repository, [branch])).get(branch);
  if (head === undefined) throw new UserError(`${repository} has no branch ${branch}`);
  return head;
}

function checkName(repository: string): void {
  if (/^[\w.-]+\/[\w.-]+$/.test(repository)) return;
  throw new UserError(`${repository} is no repository. Use OWNER/NAME, e.g. octocat/hello-world.`);
}
