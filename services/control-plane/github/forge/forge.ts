import { UserError } from "../../../../lib/errors.ts";
import type { Connection, Forge } from "../ports.ts";

/** One of the checks of a commit: a commit status, or a check run. */
export interface Check {
  /** A status' context, or a run's name. */
  readonly name: string;
  readonly state: "passed" | "failed" | "pending";
}

export interface Checks {
  readonly all: readonly Check[];
  /** What the credential may not read of them, e.g. `check runs`. */
  readonly hidden: readonly string[];
}

export interface CommitStatus {
  readonly state: "pending" | "success" | "failure";
  readonly context: string;
  readonly description: string;
  /** Where more stands. */
  readonly url: string;
}

export interface NewDeployment {
  readonly commit: string;
  readonly environment: string;
  readonly description: string;
  /** By which one that was made is found again. */
  readonly mark: string;
  /** Whether the environment goes again. @default false */
  readonly transient?: boolean;
}

export interface DeploymentStatus {
  readonly state: "in_progress" | "success" | "failure" | "inactive";
  readonly description: string;
  /** Where the app is served; only of one that succeeded. */
  readonly environmentUrl?: string;
  readonly logUrl?: string;
}

/** A pull request as it is now. */
export interface PullRequest {
  readonly number: number;
  readonly title: string;
  /** Where people find it. */
  readonly url: string;
  readonly open: boolean;
  readonly draft: boolean;
  /** Where it comes from, which is another repository's if `fork`. */
  readonly branch: string;
  readonly fork: boolean;
  /** What that is at; empty: there is no such branch any more. */
  readonly commit: string;
}

/** Git's way in, for a moment. */
export interface GitLogin {
  readonly username: string;
  readonly password: string;
}

/** What the control plane itself asks of a forge, besides what people ask. @throws ForgeError */
export interface RepositoryForge extends Forge {
  /** The commits of those branches that are there: one request, which counts against no limit while nothing changes. */
  heads(name: string, branches: readonly string[]): Promise<ReadonlyMap<string, string>>;
  checks(name: string, commit: string): Promise<Checks>;
  setStatus(name: string, commit: string, status: CommitStatus): Promise<void>;
  /** Makes a deployment, or finds the one that has its mark. @returns its id */
  deployment(name: string, deployment: NewDeployment, options: { readonly find: boolean }): Promise<number>;
  setDeployment(name: string, id: number, status: DeploymentStatus): Promise<void>;
  /** Those that are open, whatever they are to be merged into. */
  pulls(name: string): Promise<readonly PullRequest[]>;
  /** Undefined: there is none of this number. */
  pull(name: string, number: number): Promise<PullRequest | undefined>;
  /** The files that it changes. */
  changedFiles(name: string, number: number): Promise<readonly string[]>;
  /** Whether somebody may write to the repository, as it is now. @param login as the forge calls them */
  mayWrite(name: string, login: string): Promise<boolean>;
  /** Has a webhook deliver a ping. @param hook its id */
  ping(name: string, hook: string): Promise<void>;
  gitLogin(): Promise<GitLogin>;
}

/** Where, and as whom. */
export type By = Pick<Connection, "forge" | "baseUrl" | "credential">;

export type OpenRepositoryForge = (by: By) => RepositoryForge;

/**
 * `refused`: the credential holds no longer. `absent`: not there, or not to be seen. `forbidden`: the credential may not
 * do this. `lacking`: this kind of forge has no such thing. `limited`: too much was asked. `unreachable`: no answer, or
 * half of one. `other`: the forge says why.
 */
type ForgeProblem = "refused" | "absent" | "forbidden" | "lacking" | "limited" | "unreachable" | "other";

/** What a forge did not do: one line. */
export class ForgeError extends UserError {
  override readonly name = "ForgeError";
  readonly problem: ForgeProblem;
  /** Of `limited`: when it may be asked again, in milliseconds since 1970. */
  readonly until: number | undefined;

  constructor(problem: ForgeProblem, message: string, until?: number) {
    super(message);
    this.problem = problem;
    this.until = until;
  }
}
