import type { DeclaredCertificate } from "../../../model/app/certificates.ts";
import type { AddonSettings } from "../../../model/app/settings.ts";
import type { Plain } from "../../../model/content.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Builds as BuildRecords } from "../builds/builds.ts";
import type { Connections } from "../github/connections/connections.ts";
import type { Links, OpenForge } from "../github/ports.ts";
import type { Databases } from "../postgres/databases.ts";
import type { Act, LogLine, LogSink } from "../types.ts";

export type { Accounts } from "../accounts/accounts.ts";
export type { AuditEntry } from "../accounts/audit.ts";

/** What the API asks of the control plane's other parts. Tests put their own behind a real server. */
export interface Ports {
  readonly accounts: Accounts;
  readonly apps: Apps;
  readonly databases: Databases;
  readonly stacks: Stacks;
  readonly dynos: Dynos;
  /** What is measured. */
  metrics(): Promise<Exposition>;
  readonly oneOffs: OneOffs;
  readonly logs: Logs;
  readonly usage: Usage;
  readonly builds: Builds;
  readonly github: GitHub;
}

/** What is linked to repositories at GitHub, and whose accounts there are connected. */
export interface GitHub {
  readonly links: Links;
  readonly connections: Omit<Connections, typeof Symbol.dispose>;
  readonly open: OpenForge;
}

/** @see the class of that name */
export type Builds = Pick<
  BuildRecords,
  "source" | "create" | "keep" | "list" | "get" | "log" | "follow" | "releaseCommand" | "releaseOutput"
>;

/** What somebody may do with an app: use it, or also give it away and delete it. */
export type Right = "use" | "own";

/** An app of this project, as its stack file declares it. */
export interface DeclaredApp {
  readonly name: string;
  /** What stays when the app is renamed. */
  readonly id: string;
  readonly stack: string;
  /** Where the router serves it, e.g. `http://shop.localhost:8080/`. */
  readonly url: string;
  /** Where the router serves it besides. */
  readonly hosts: readonly string[];
  /** Uploaded ones. */
  readonly certificates: readonly DeclaredCertificate[];
  /** Whether visitors get a page that says so. */
  readonly maintenance: boolean;
  /** What of Heroku's labs it has. */
  readonly labs: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** As the file says it; a type that it does not name has its default. */
  readonly formation: Readonly<Record<string, DeclaredFormation>>;
  /** As the file says it, by attachment. */
  readonly addons: Readonly<Record<string, AddonSettings>>;
}

export interface DeclaredFormation {
  readonly quantity?: number;
  /** As in the stack file: `standard-1x`. */
  readonly size?: string;
}

/** An app's stack file while it is being changed, by whoever has the app's turn. */
export interface AppFile {
  /** What the file declares at this moment. */
  readonly formation: Readonly<Record<string, DeclaredFormation>>;
  readonly addons: Readonly<Record<string, AddonSettings>>;
  scale(type: string, to: DeclaredFormation): void;
  /** Writes a config var as a secure value; undefined removes it. */
  setConfig(name: string, value: string | undefined): void | Promise<void>;
  /** Writes a certificate's key as a secure value; undefined removes it. */
  setCertificateKey(name: string, key: string | undefined): void;
  source(source: { readonly commit: string }): void;
  /** `dynoform:app` at this moment. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** @param path below `dynoform:app` */
  set(path: readonly string[], value: Plain): void;
  /** @param path below `dynoform:app` */
  remove(path: readonly string[]): void;
  /** Declares an add-on, or what is attached; undefined: no more. */
  addon(attachment: string, settings: AddonSettings | undefined): void;
}

export interface Apps {
  list(): Promise<readonly DeclaredApp[]>;
  get(name: string): Promise<DeclaredApp | undefined>;
  /** A name for a new app: what is wanted, or a random one. @throws UserError when it is none, or taken */
  newName(wanted: string | undefined): Promise<string>;
  /** Makes an app, or undoes all that was made of it. @param owner the id of an account */
  create(name: string, act: Act, owner: string): Promise<Changed & { readonly app: DeclaredApp }>;
  planCreate(name: string, act: Act): Promise<Plan>;
  /** Destroys an app with its databases, and forgets it. */
  destroy(name: string, act: Act): Promise<unknown>;
  planDestroy(name: string, act: Act): Promise<Plan>;
  rename(name: string, to: string, act: Act): Promise<Changed>;
  /** Bytes of its code with packages, and of what was pushed; null: there is none. @param image the id of what runs */
  sizes(
    app: DeclaredApp,
    image: string | undefined,
  ): Promise<{ readonly slug: number | null; readonly repository: number | null }>;
  planRename(name: string, to: string, act: Act): Promise<Plan>;
  /**
   * Waits for the app's turn, edits its file and runs `up`; puts the file back and mends the app when that fails.
   *
   * @throws UserError that says why the change was not made
   */
  change(name: string, act: Act, edit: (file: AppFile) => void | Promise<void>): Promise<Changed>;
  /** What `change` would do: a preview, after which nothing has changed. */
  plan(name: string, act: Act, edit: (file: AppFile) => void | Promise<void>): Promise<Plan>;
  /** Notes an act that changes nothing declared, with its result. */
  record<T>(name: string, act: Act, work: () => Promise<T>): Promise<T>;
}

/** A change that was made. */
export interface Changed {
  /** What the stack puts out now; secrets are masked. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The steps that were no "same". */
  readonly steps: readonly { readonly op: string; readonly type: string; readonly name: string }[];
  /** What is not as one would wish; the first line of each says what. */
  readonly warnings: readonly string[];
}

/** What a preview shows. */
export interface Plan {
  /** Resources by operation, as Pulumi counts them: `{ same: 12, create: 1 }`. */
  readonly changes: Readonly<Record<string, number>>;
  /** The steps that are no "same". */
  readonly steps: readonly { readonly op: string; readonly type: string; readonly name: string }[];
  /** What Pulumi printed; secrets are masked. */
  readonly preview: string;
}

export interface Stacks {
  /** A stack's outputs with its secrets in plain; undefined when it was never brought up. */
  outputs(stack: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** When a stack's state was last written, in milliseconds since 1970; undefined: it cannot be told. */
  written(stack: string): Promise<number | undefined>;
}

/** A dyno of an app's formation. */
export interface DynoState {
  /** `web.1`. */
  readonly dyno: string;
  readonly type: string;
  readonly size: string;
  /** Heroku's words: `starting`, `up`, `crashed`, `idle`, `down`, `stopping`. */
  readonly state: string;
  /** When it came into that state, in milliseconds since 1970. */
  readonly since: number;
  /** What it runs, where that is known. */
  readonly command?: string | undefined;
}

/** All dynos of an app, those of a type, or one. */
export interface DynoTarget {
  readonly type?: string;
  readonly dyno?: string;
}

export interface Dynos {
  /** What the formation runs; one-off dynos may be among them. */
  list(app: string): Promise<readonly DynoState[]>;
  restart(app: string, target: DynoTarget): Promise<unknown>;
}

export interface OneOffRequest {
  readonly app: string;
  readonly command: string;
  /** @default that of the app's own dynos */
  readonly size?: string;
  /** Over the app's config vars. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether a client's terminal will be connected; otherwise it starts at once and writes to the app's log. */
  readonly attach: boolean;
  /** Whether the command gets a terminal. */
  readonly tty: boolean;
  /** Gives the id that the dyno is told. @default it is told none */
  readonly id?: (dyno: string) => string;
}

export interface OneOff extends DynoState {
  readonly command: string;
  /** What opens the way to an attached one, once. */
  readonly secret?: string;
}

export interface OneOffs {
  create(request: OneOffRequest): Promise<OneOff>;
  list(app: string): readonly OneOff[];
  /** @returns whether there is one of this name */
  stop(app: string, dyno: string): boolean;
}

export interface LogFilter {
  readonly source?: string;
  /** `web.1`, or a process type. */
  readonly dyno?: string;
}

/** A line that the buffer has. */
export interface StoredLine extends LogLine {
  /** Grows from line to line of an app. */
  readonly id: number;
}

export interface Drain {
  readonly id: string;
  readonly url: string;
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface Logs extends LogSink {
  /** The newest lines, the oldest of them first; with `after` only those that came later than that one. */
  read(app: string, filter: LogFilter & { readonly lines: number; readonly after?: number }): readonly StoredLine[];
  /** Calls the listener for each new line until disposed. */
  tail(app: string, filter: LogFilter, listener: (line: StoredLine) => void): Disposable;
  drains(app: string): readonly Drain[];
  /** @throws UserError for a URL that no drain can have */
  addDrain(app: string, url: string): Drain;
  /** @returns whether there was one with this id, URL or token */
  removeDrain(app: string, which: string): boolean;
}

/** What the dynos of one type and size of an app have used of a month. */
export interface UsageEntry {
  readonly app: string;
  readonly type: string;
  readonly size: string;
  readonly seconds: number;
}

export interface Usage {
  /** @param month `2026-01` */
  usage(month: string): readonly UsageEntry[];
}

/** What Prometheus reads. */
export interface Exposition {
  /** Of its content. */
  readonly type: string;
  readonly text: string;
}

/** Whether apps are served, databases can be reached, and changes be made. */
export interface Health {
  readonly apps: boolean;
  readonly data: boolean;
  readonly tools: boolean;
}
