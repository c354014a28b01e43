import type { DeclaredCertificate } from "../../../model/app/certificates.ts";
import type { Scale } from "../../../model/app/formation.ts";
import type { ReviewSettings } from "../../../model/app/review.ts";
import type { AddonSettings } from "../../../model/app/settings.ts";
import type { Plain } from "../../../model/content.ts";
import type { Act } from "../types.ts";

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
  /** Whether its domains get certificates that renew themselves. */
  readonly acm: boolean;
  /** Whether visitors get a page that says so. */
  readonly maintenance: boolean;
  /** What of Heroku's labs it has. */
  readonly labs: readonly string[];
  /** When the control plane saw it first, in milliseconds since 1970. */
  readonly createdAt: number;
  /** As the file says it; a type that it does not name has its default. */
  readonly formation: Readonly<Record<string, Scale>>;
  /** As the file says it, by attachment. */
  readonly addons: Readonly<Record<string, AddonSettings>>;
  /** Which pull request it is for; undefined: it is no review app. */
  readonly review?: ReviewSettings | undefined;
}

/** An app's stack file while it is being changed, by whoever has the app's turn. */
export interface AppFile {
  /** What the file declares at this moment. */
  readonly formation: Readonly<Record<string, Scale>>;
  readonly addons: Readonly<Record<string, AddonSettings>>;
  scale(type: string, to: Scale): void;
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
