import { randomBytes } from "node:crypto";
import type { BareRepository } from "./bare-repository.ts";

export interface User {
  readonly id: number;
  readonly login: string;
  readonly type: "User" | "Organization" | "Bot";
}

/** What a token may do in the repositories that it sees, each including the ones before. */
export type Permission = "read" | "write" | "admin";

export interface Token {
  readonly value: string;
  readonly user: User;
  permission: Permission;
  /** Full names; undefined: whatever its user sees. */
  repositories: readonly string[] | undefined;
  revoked: boolean;
  /** Of a GitHub App's installation: milliseconds since 1970. */
  readonly expires?: number;
  readonly app?: App;
}

export interface Repository {
  readonly id: number;
  owner: User;
  name: string;
  private: boolean;
  defaultBranch: string;
  /** Logins besides the owner's that see it, and what they may do. */
  readonly collaborators: Map<string, Permission>;
  /** Names that it had, as `owner/name`: GitHub redirects from them. */
  readonly formerNames: string[];
  readonly git: BareRepository;
  readonly hooks: Map<number, Hook>;
  readonly keys: Map<number, DeployKey>;
  readonly statuses: Status[];
  readonly suites: CheckSuite[];
  readonly deployments: Deployment[];
  readonly pulls: Pull[];
  readonly comments: Comment[];
  readonly createdAt: string;
}

export interface Hook {
  readonly id: number;
  active: boolean;
  events: readonly string[];
  config: HookConfig;
  readonly createdAt: string;
  updatedAt: string;
  readonly deliveries: Delivery[];
}

export interface HookConfig {
  readonly url: string;
  readonly content_type: string;
  readonly insecure_ssl: string;
  readonly secret?: string;
}

/** An attempt to send an event to a hook. A redelivery is one of its own with the same `guid`. */
export interface Delivery {
  readonly id: number;
  readonly guid: string;
  readonly hook: Hook;
  readonly repository: Repository;
  readonly event: string;
  readonly action: string | null;
  readonly payload: object;
  readonly redelivery: boolean;
  at: string;
  /** Of the hook's answer; 0: not sent yet, or no answer came. */
  status: number;
  answer: string;
}

export interface DeployKey {
  readonly id: number;
  readonly key: string;
  readonly title: string;
  readonly readOnly: boolean;
  readonly createdAt: string;
}

export interface Status {
  readonly id: number;
  readonly sha: string;
  readonly state: "error" | "failure" | "pending" | "success";
  readonly context: string;
  readonly description: string | null;
  readonly targetUrl: string | null;
  readonly creator: User;
  readonly at: string;
}

export interface CheckSuite {
  readonly id: number;
  readonly sha: string;
  readonly branch: string;
  readonly app: string;
  readonly runs: CheckRun[];
}

export interface CheckRun {
  readonly id: number;
  readonly name: string;
  status: "queued" | "in_progress" | "completed";
  conclusion: "success" | "failure" | "neutral" | "cancelled" | "skipped" | "timed_out" | "action_required" | null;
}

export interface Deployment {
  readonly id: number;
  readonly ref: string;
  readonly sha: string;
  readonly environment: string;
  readonly description: string | null;
  readonly payload: object | string;
  readonly transient: boolean;
  readonly production: boolean;
  readonly creator: User;
  readonly at: string;
  readonly statuses: DeploymentStatus[];
}

export interface DeploymentStatus {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly environmentUrl: string;
  readonly logUrl: string;
  readonly creator: User;
  readonly at: string;
}

export interface Pull {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  readonly head: string;
  /** Where that branch is. */
  readonly from: Repository;
  base: string;
  draft: boolean;
  state: "open" | "closed";
  readonly user: User;
  readonly at: string;
}

/** A comment on an issue; pull requests are issues. */
export interface Comment {
  readonly id: number;
  /** Its number. */
  readonly issue: number;
  readonly user: User;
  body: string;
  readonly at: string;
  updatedAt: string;
}

export interface App {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly owner: User;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly webhookSecret: string;
  /** PEM: what its owner signs with, and what we check with. */
  readonly privateKey: string;
  readonly publicKey: string;
  readonly installations: Map<number, Installation>;
  /** What it was made from. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

export interface Installation {
  readonly id: number;
  readonly account: User;
  repositories: readonly string[];
  suspended: boolean;
}

/** A device that waits for its user. */
export interface Device {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly clientId: string;
  readonly expires: number;
  /** Seconds between two questions. */
  interval: number;
  askedAt: number;
  /** Who has let it in, or that somebody has refused. */
  verdict: User | "denied" | undefined;
}

/** All that this GitHub knows. Tests may read and change whatever they like. */
export interface State {
  readonly users: Map<string, User>;
  readonly tokens: Map<string, Token>;
  readonly repositories: Repository[];
  readonly apps: App[];
  /** Of apps that are being made from a manifest, by the code of the redirect. */
  readonly manifests: Map<string, { readonly manifest: Readonly<Record<string, unknown>>; readonly owner: User }>;
  readonly devices: Device[];
  /** Who uses the browser, on the pages of this GitHub. */
  visitor: User | undefined;
  /** What the visitor chooses where a GitHub App is installed. @default every repository that the visitor owns */
  chosen: readonly string[] | undefined;
  /** Client ids of OAuth apps for which the device flow is switched on. */
  readonly deviceClients: Set<string>;
  /** Seconds between two questions of a device. @default 5, as on GitHub */
  deviceInterval: number;
  /** An id that nothing has. */
  next(): number;
}

export function newState(): State {
  let last = 1000;
  return {
    users: new Map(),
    tokens: new Map(),
    repositories: [],
    apps: [],
    manifests: new Map(),
    devices: [],
    deviceClients: new Set(),
    deviceInterval: 5,
    visitor: undefined,
    chosen: undefined,
    next: () => ++last,
  };
}

export function fullName(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`;
}

export function newSecret(prefix: string): string {
  return `${prefix}${randomBytes(20).toString("hex")}`;
}

/** As GitHub writes times: without milliseconds. */
export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}
