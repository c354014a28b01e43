import type { ForgeKind, LinkMode } from "../../../model/github/settings.ts";
import type { Build } from "../deploys/store.ts";
import type { Act } from "../types.ts";

/** What an app takes from the repository that it is linked to. */
export interface LinkedApp {
  readonly branch: string;
  /** Whether each new head of the branch is deployed. @default false */
  readonly autoDeploy: boolean;
  /** Whether that waits until the commit's checks have passed. @default false */
  readonly waitForCi: boolean;
}

/** A repository that is linked, as its stack file declares it. */
export interface DeclaredLink {
  /** E.g. `flask-hello.github`. */
  readonly stack: string;
  /** Of its stack file. */
  readonly path: string;
  /** `owner/name`. */
  readonly repository: string;
  /** @default "github" */
  readonly forge?: ForgeKind;
  /** E.g. `https://github.com`. */
  readonly baseUrl: string;
  /** How the control plane learns of pushes. */
  readonly mode: LinkMode;
  /** By the apps' stacks. */
  readonly apps: Readonly<Record<string, LinkedApp>>;
}

/** By what the control plane and Pulumi's GitHub provider are let in. */
export type Credential =
  | { readonly token: string }
  | {
      /** A GitHub App's installation. */
      readonly app: { readonly id: string; readonly installation: string; readonly pem: string };
    };

/** The account of GitHub's that a user has connected, for choosing repositories. */
export interface Connection {
  /** As GitHub calls it, e.g. `octocat`. */
  readonly login: string;
  /** @default "github" */
  readonly forge?: ForgeKind;
  readonly baseUrl: string;
  readonly credential: Credential;
}

export interface Branch {
  readonly name: string;
  /** The commit that it is at. */
  readonly head: string;
}

export interface ForgeRepository {
  readonly id: number;
  /** `owner/name`. */
  readonly fullName: string;
  readonly defaultBranch: string;
  readonly private: boolean;
  readonly htmlUrl: string;
  readonly cloneUrl: string;
}

/** The way from one commit to another. */
export interface Comparison {
  /** How many commits lead to the other one. */
  readonly ahead: number;
  /** The oldest first, at most 250 of them. */
  readonly commits: readonly {
    readonly sha: string;
    readonly message: string;
    /** `date`: ISO 8601. */
    readonly author: { readonly name: string; readonly date: string };
  }[];
}

/** How a link does. Times are milliseconds since 1970. */
export interface LinkState {
  readonly repository: ForgeRepository | undefined;
  /** The head of the app's branch when it was looked at last. */
  readonly head: string | undefined;
  readonly lookedAt: number | undefined;
  /** How pushes are learnt of. */
  readonly by: "webhook" | "polling";
  /** A new head that is not deployed because its checks have not passed: why, in words. */
  readonly waiting: string | undefined;
  /** Why the repository cannot be read, or the last head was not deployed: one line. */
  readonly problem: string | undefined;
}

/** A repository, and as whom it is asked. */
export interface RepositoryAccess {
  readonly forge: Forge;
  /** As it is called now. */
  readonly repository: ForgeRepository;
}

/** An app's link. */
export interface AppLink extends LinkedApp {
  readonly link: DeclaredLink;
}

/** What was not done, though the rest was, because a forge refused it: what is left to the user, a line each. */
export interface Warned {
  readonly warnings: readonly string[];
}

/** An app, as far as links need it. */
export interface LinkingApp {
  readonly name: string;
  readonly id: string;
  readonly stack: string;
}

/** The links of a platform's apps: what API and dashboard ask. What changes something waits until it is done. */
export interface Links {
  list(): Promise<readonly DeclaredLink[]>;
  of(app: LinkingApp): Promise<AppLink | undefined>;
  /**
   * Links an app: makes the repository's stack, or adds the app to it, and brings it up. Nothing is deployed by it.
   *
   * @param settings what is not given: the repository's default branch, no automatic deploys
   * @throws UserError one line: the repository is not there or the credential may not see it, the branch is not there,
   *   the app is linked already, …
   */
  connect(
    app: LinkingApp,
    repository: string,
    by: Pick<Connection, "forge" | "baseUrl" | "credential">,
    settings: Partial<LinkedApp>,
    act: Act,
  ): Promise<AppLink>;
  /** @throws UserError where the app has no link, or the branch is not there */
  set(app: LinkingApp, settings: Partial<LinkedApp>, act: Act): Promise<AppLink & Warned>;
  /** With the last app the repository's stack is destroyed: webhook and all. The forge need not answer. */
  disconnect(app: LinkingApp, act: Act): Promise<Warned>;
  branches(app: LinkingApp): Promise<readonly Branch[]>;
  /** Begins to deploy a branch's head, as a push does; waits for no check. @throws UserError, AppBusy */
  deploy(app: LinkingApp, branch: string, user: string): Promise<Build>;
  state(app: LinkingApp): Promise<LinkState>;
  /**
   * Has a link of a repository, which is made if there is none, taken by something other than an app.
   *
   * @param work declares that it is taken; when it fails, a link that was made for it goes again
   * @throws UserError where the credential may not see the repository
   */
  take(
    repository: string,
    by: Pick<Connection, "baseUrl" | "credential">,
    act: Act,
    work: (link: DeclaredLink) => Promise<void>,
  ): Promise<DeclaredLink>;
  /** What took a link takes it no more; a link that nothing takes goes. @param stack the link's @param work declares it */
  give(stack: string, act: Act, work: () => Promise<void>): Promise<void>;
  /** @throws UserError where the link's credential may not see it any more */
  repository(link: DeclaredLink): Promise<RepositoryAccess>;
}

/** Asks GitHub, or another forge, with one credential. @throws UserError in one line for what the credential may not do */
export interface Forge {
  /**
   * Of the account that a token belongs to, or on which an App is installed.
   *
   * @throws UserError for a token that holds no longer, and for an installation that is none of the App's
   */
  login(): Promise<string>;
  repository(name: string): Promise<ForgeRepository>;
  /** Wherever it was renamed or moved to. */
  repositoryById(id: number): Promise<ForgeRepository>;
  branches(name: string): Promise<readonly Branch[]>;
  /** Repositories that the credential may deploy from and whose name has these words, at most 30. */
  search(words: string): Promise<readonly ForgeRepository[]>;
  /** What a commit has that another has not, as `heroku pipelines:diff` shows it. @param base and head: commits or branches */
  compare(name: string, base: string, head: string): Promise<Comparison>;
}

/** @param by where, and as whom */
export type OpenForge = (by: Pick<Connection, "forge" | "baseUrl" | "credential">) => Forge;
