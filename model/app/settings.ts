import type { Problems } from "../../lib/validation/problems.ts";
import {
  boolean,
  integer,
  isRecord,
  list,
  map,
  object,
  oneOf,
  optional,
  type Reader,
  text,
} from "../../lib/validation/readers.ts";
import { addonName, anyAppName, appName, attachmentName, certificateName, processType, servedName } from "../names.ts";
import { readChain } from "./certificate-chain.ts";
import { type FormationSettings, quantity } from "./formation.ts";
import { LABS, type Lab } from "./labs.ts";
import { generation, type PostgresPlan, postgresPlan } from "./postgres-plans.ts";
import { type ReviewSettings, reviewSettings } from "./review.ts";
import { dynoSize } from "./sizes.ts";

/** What one says of an app: the arguments of `App` (which has a few more), and `dynoform:app` of a stack file. */
export interface AppSettings {
  /**
   * 3 to 30 lower-case letters, digits and dashes; the app is served at `<name>.<domain>`.
   * @default the component's name; in a stack file, the stack's
   */
  readonly name?: string;
  /**
   * What names the app's databases; keep it when you rename the app.
   * @default the app's name
   */
  readonly id?: string;
  /**
   * What the app is made of. Without it nothing runs, and the router answers with a plain page.
   * @default none
   */
  readonly source?: SourceSettings;
  /**
   * How many dynos of each process type, and of what size.
   * @default one free `web` dyno, if the Procfile has the type
   */
  readonly formation?: Readonly<Record<string, FormationSettings>>;
  /**
   * Add-ons by what they are attached as: `DATABASE` gives the app `DATABASE_URL`.
   * @default none
   */
  readonly addons?: Readonly<Record<string, AddonSettings>>;
  /** When a new web dyno counts as started. */
  readonly healthCheck?: HealthCheckSettings;
  /**
   * Host names to serve the app at besides `<name>.<domain>`. `*.shop.example` stands for all names one label below.
   * @default []
   */
  readonly hosts?: readonly string[];
  /**
   * Certificates for `hosts`, by names of your own. Their keys are secure values of `dynoform:certificates`, and
   * `certificateKeys` of an `App`.
   * @default none
   */
  readonly certificates?: Readonly<Record<string, CertificateSettings>>;
  /**
   * Whether `hosts` get certificates that renew themselves, but those that `certificates` serve. Needs the platform's
   * `https.email`.
   * @default false
   */
  readonly acm?: boolean;
  /**
   * Whether requests over HTTP are sent to HTTPS, at hosts that have a certificate.
   * @default the platform's `https.redirect`
   */
  readonly redirect?: boolean;
  /**
   * Seconds for which browsers are to come by HTTPS alone (Strict-Transport-Security); 0: they are told nothing. What the app
   * says itself holds.
   * @default the platform's `https.hsts`
   */
  readonly hsts?: number;
  /**
   * Whether every request gets a page that says so, while the dynos run.
   * @default false
   */
  readonly maintenance?: boolean;
  /**
   * What Heroku calls labs: `runtime-dyno-metadata` tells dynos which app and release they are, `log-runtime-metrics` writes
   * their memory and load into the app's log.
   * @default []
   */
  readonly labs?: readonly Lab[];
  /**
   * Of a review app: which pull request it is for. The control plane writes it.
   * @default none
   */
  readonly review?: ReviewSettings;
}

/** `path` or `commit`. */
export interface SourceSettings {
  /** The folder with the Procfile, relative to the folder of Pulumi.yaml, or absolute. */
  readonly path?: string;
  /** A commit of the app's own repository, 40 hexadecimal digits: what was pushed, or an older release's source. */
  readonly commit?: string;
  /**
   * With `commit`: the image that another app of its pipeline has made of it, by Docker's id. A promotion writes it; the
   * release phase runs, and nothing is built.
   * @default the commit is built
   */
  readonly image?: string;
}

/** A certificate that somebody else has signed. */
export interface CertificateSettings {
  /** PEM: the hosts' own certificate first, then those that signed it. */
  readonly chain: string;
  /**
   * Which of the app's `hosts` are served with it.
   * @default those that it names
   */
  readonly hosts?: readonly string[];
}

/** A database of the app's own, which has a `service`; or one that is there already, which it attaches. */
export interface AddonSettings {
  readonly service?: "postgresql";
  /** @default "mini" */
  readonly plan?: PostgresPlan;
  /**
   * Raise it to rotate the credentials.
   * @default 1
   */
  readonly generation?: number;
  /**
   * What names the database: keep it when you attach the database by another name.
   * @default the attachment
   */
  readonly id?: string;
  /**
   * What people call the add-on.
   * @default one like `postgresql-curved-12345`, which follows from the app's id and the add-on's
   */
  readonly name?: string;
  readonly attach?: AttachSettings;
}

/** A database that is declared elsewhere. */
export interface AttachSettings {
  /**
   * The stack of the app that owns it.
   * @default this app's own
   */
  readonly stack?: string;
  /** The add-on's id there. */
  readonly addon: string;
}

export interface HealthCheckSettings {
  /**
   * `no-worse`: an answer below 500; another, or none although the dyno listens, only where the release that is replaced
   * does no better, where there is none, or in maintenance mode, and a warning shows the app's last lines then. `http`: an answer below 500,
   * always. `tcp`: an accepted connection, whatever is answered.
   * @default "http" with a `path`, else "no-worse"
   */
  readonly type?: "no-worse" | "http" | "tcp";
  /**
   * What is asked for, except by `tcp`.
   * @default "/"
   */
  readonly path?: string;
  /**
   * Seconds to wait for it.
   * @default 60
   */
  readonly timeout?: number;
}

const formation = object<FormationSettings>({ quantity: optional(quantity), size: optional(dynoSize) });

const addonFields = object<AddonSettings>({
  service: optional(oneOf("service", ["postgresql"])),
  plan: optional(postgresPlan),
  generation: optional(generation),
  id: optional(attachmentName),
  name: optional(addonName),
  attach: optional(object<AttachSettings>({ stack: optional(text("use the name of a stack")), addon: attachmentName })),
});

/** Reads {@link AddonSettings} from plain data. */
export const addon: Reader<AddonSettings> = (value, path, problems) => {
  const read = addonFields(value, path, problems);
  if (!isRecord(value)) return read;
  if ("service" in value === "attach" in value) {
    problems.add(path, `has ${"attach" in value ? "both service and" : "neither service nor"} attach; use one of them`);
  }
  for (const key of ["plan", "id", "name"]) {
    if ("attach" in value && key in value) {
      problems.add(`${path}.${key}`, "is a setting of the app that owns the add-on; remove it");
    }
  }
  return read;
};

const healthCheck = object<HealthCheckSettings>({
  type: optional(oneOf("type of health check", ["no-worse", "http", "tcp"])),
  path: optional(text("use a path that begins with /", (path) => /^\/[\x21-\x7e]*$/.test(path))),
  timeout: optional(integer(1, 3600)),
});

const sourceFields = object<SourceSettings>({
  path: optional(text("use the path of a folder")),
  commit: optional(text("use all 40 hexadecimal digits of a commit", (id) => /^[0-9a-f]{40}$/.test(id))),
  image: optional(text("use the id of an image, sha256:…", (id) => /^sha256:[0-9a-f]{64}$/.test(id))),
});

const source: Reader<SourceSettings> = (value, path, problems) => {
  const read = sourceFields(value, path, problems);
  if (!isRecord(value)) return read;
  if ("path" in value && "image" in value) {
    problems.add(`${path}.image`, "stands for a commit, and is none of a folder; remove it");
  }
  if ("path" in value !== "commit" in value) return read;
  problems.add(path, `has ${"path" in value ? "both path and" : "neither path nor"} commit; use one of them`);
  return undefined;
};

const certificate = object<CertificateSettings>({
  chain: text("use a chain of certificates in PEM", (chain) => readChain(chain) !== undefined),
  hosts: optional(list(servedName)),
});

/** Seconds of Strict-Transport-Security: up to two years. */
export const hsts = integer(0, 63_072_000);

/** The readers of {@link AppSettings}, key by key. */
const appSettingsFields = {
  name: optional(appName),
  id: optional(appName),
  source: optional(source),
  formation: optional(map(formationType, formation)),
  addons: optional(map(attachmentName, addon)),
  healthCheck: optional(healthCheck),
  hosts: optional(list(servedName)),
  certificates: optional(map(certificateName, certificate)),
  acm: optional(boolean),
  redirect: optional(boolean),
  hsts: optional(hsts),
  maintenance: optional(boolean),
  labs: optional(list(oneOf("lab", LABS))),
  review: optional(reviewSettings),
};

/** The readers of an app's settings: only a review app may have a name that ends in `-pr-<number>`. */
export function appFieldsOf(settings: unknown): typeof appSettingsFields {
  const review = isRecord(settings) && settings.review !== undefined;
  return review ? { ...appSettingsFields, name: optional(anyAppName) } : appSettingsFields;
}

function formationType(name: string, path: string, problems: Problems): void {
  if (name === "release") problems.add(path, "runs once with each release and has no formation; remove it");
  else processType(name, path, problems);
}
