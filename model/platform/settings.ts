import { type Problems, show } from "../../lib/validation/problems.ts";
import {
  boolean,
  integer,
  join,
  list,
  object,
  oneOf,
  optional,
  type Reader,
  text,
} from "../../lib/validation/readers.ts";
import { baseUrl, checkForge, type ForgeKind, forgeKind } from "../github/settings.ts";
import { hostName, platformName } from "../names.ts";
import { ipv4Address, ipv4Network, isLocalDomain, isLoopback, subnet } from "./addresses.ts";
import { type HttpsSettings, httpsSettings } from "./https.ts";

/** What one says of a platform: the arguments of `Platform`, and `dynoform:platform` of a stack file. */
export interface PlatformSettings {
  /**
   * Begins the name of everything the platform makes on the Docker Engine.
   * @default "dynoform"
   */
  readonly name?: string;
  /**
   * Apps are served at `<app>.<domain>`.
   * @default "localhost"
   */
  readonly domain?: string;
  /** What is published on the host. */
  readonly ports?: PortSettings;
  /**
   * From where the platform itself is reached. `local`: from this machine, and the dashboard by the router besides.
   * `public`: from wherever the router is, at `https://api.<domain>`, `https://git.<domain>` and `https://dashboard.<domain>`,
   * over HTTPS alone.
   * @default "local"
   */
  readonly access?: PlatformAccess;
  /** Certificates that renew themselves, and what holds for all HTTPS. */
  readonly https?: HttpsSettings;
  /**
   * A private /16 for the overlay network.
   * @default a /16 in 10.64.0.0/10 that follows from the name
   */
  readonly subnet?: string;
  /** Where dynos may connect to besides Postgres and the internet. */
  readonly egress?: {
    /**
     * Private IPv4 addresses or networks, e.g. `10.1.2.0/24`.
     * @default []
     */
    readonly allow?: readonly string[];
  };
  /**
   * Proxies in front of the router that may say where a request came from (`X-Forwarded-For|Proto|Port`): IPv4 addresses
   * or networks. `127.0.0.1` is one on the host itself, with `ports.bind` left at 127.0.0.1: whoever else reaches that
   * port from the host is then believed too. From others the router takes none of these headers.
   * @default []
   */
  readonly proxies?: readonly string[];
  /** What the platform's own containers may use. */
  readonly limits?: {
    readonly router?: MemoryLimit;
    readonly postgres?: MemoryLimit;
    readonly controlPlane?: MemoryLimit;
    /** An `up` takes some 300 MiB, and several apps may have one at a time. */
    readonly runner?: MemoryLimit;
  };
  /** When free and eco dynos sleep. */
  readonly sleep?: SleepSettings;
  /** Whether those that are to sleep nap before: frozen where they are, so that they wake within milliseconds. */
  readonly nap?: NapSettings;
  /** Each dyno is restarted now and then, one of an app at a time. */
  readonly cycle?: CycleSettings;
  /** What free dynos may run in a month. */
  readonly hours?: HoursSettings;
  readonly releases?: ReleaseSettings;
  /**
   * Whether each change that is made through the API, or pushed, is a commit of the app's stack file, in the repository
   * that the project lies in, with whoever made it as its author.
   * @default false
   */
  readonly commitChanges?: boolean;
  readonly backups?: BackupSettings;
  /**
   * What no `up` that a tool starts may do: `replace:postgresql`, `delete:addon`. Such an `up` is previewed first, and
   * refused, unless the stack's file lists the thing under `dynoform:allowDataLoss`. `pulumi up` itself is your own.
   * @default []
   */
  readonly deny?: readonly string[];
  /**
   * Where apps' Pythons come from: `debian` has one of each release, from packages; `uv` downloads every patch, from
   * GitHub or where UV_PYTHON_INSTALL_MIRROR says.
   * @default "debian"
   */
  readonly pythons?: PythonSource;
  /** Who may have an account. */
  readonly accounts?: AccountSettings;
  readonly github?: GitHubSettings;
  /** When it is looked whether what is there is what is declared. */
  readonly drift?: DriftSettings;
  /** Workflows that ask this platform without a secret of it. */
  readonly ci?: CiSettings;
  /**
   * Where forges deliver webhooks, if not where browsers find the dashboard, e.g. `https://dashboard.apps.example.com` of a
   * proxy with TLS. What is named here counts as reachable for them.
   * @default the dashboard's own address, which is plain HTTP
   */
  readonly webhooks?: string;
  /**
   * The folder on the host for sockets and build records; `npx dynoform setup` makes it.
   * @default `$DYNOFORM_HOME/<name>`; DYNOFORM_HOME is /var/lib/dynoform for root, else ~/.local/share/dynoform
   */
  readonly directory?: string;
}

/** From where a platform is reached. */
export type PlatformAccess = "local" | "public";

/** What a platform is called, unless it says otherwise. */
export const DEFAULT_PLATFORM_NAME = "dynoform";

/** Of how many releases of an app the images and commits are kept, unless a platform says otherwise. */
export const DEFAULT_KEEP = 20;

/** How many backups of a database are kept, unless a platform says otherwise. */
export const DEFAULT_BACKUPS = 5;

/** Where the API is published, unless a platform says otherwise. */
export const DEFAULT_API_PORT = 5000;

/** Below which apps are served, unless a platform says otherwise. */
export const DEFAULT_DOMAIN = "localhost";

/** The router's port, unless a platform says otherwise. */
export const DEFAULT_WEB_PORT = 8080;

/** Where it speaks TLS, unless a platform says otherwise. */
const DEFAULT_HTTPS_PORT = 8443;

/**
 * Where the router speaks TLS; undefined: nowhere. A platform with a port of its own stands beside another one, as a rule,
 * and takes no second port that it was not given.
 */
export function httpsPort({ web = DEFAULT_WEB_PORT, https }: PortSettings = {}): number | undefined {
  if (https === false) return undefined;
  return https ?? (web === DEFAULT_WEB_PORT ? DEFAULT_HTTPS_PORT : undefined);
}

/** The host's address on which the router listens, unless a platform says otherwise. */
export const DEFAULT_BIND = "127.0.0.1";

export interface PortSettings {
  /**
   * The router's port.
   * @default 8080
   */
  readonly web?: number;
  /**
   * The router's port for HTTPS; `false`: there is none.
   * @default 8443 where `web` is 8080, else false
   */
  readonly https?: number | false;
  /**
   * Postgres' port, always on 127.0.0.1.
   * @default 15432
   */
  readonly postgres?: number;
  /**
   * The control plane's port, always on 127.0.0.1.
   * @default 5000
   */
  readonly api?: number;
  /**
   * The host's address on which the router listens; `0.0.0.0` for all of them.
   * @default "127.0.0.1"
   */
  readonly bind?: string;
}

export interface MemoryLimit {
  /**
   * In MiB.
   * @default 512; of the runner 1024
   */
  readonly memory?: number;
}

interface SleepSettings {
  /**
   * Seconds without a request after which an app's dynos sleep; 0: never.
   * @default 1800
   */
  readonly after?: number;
}

export interface NapSettings {
  /**
   * Whether dynos nap. Their memory is not given back while they do.
   * @default false
   */
  readonly enabled?: boolean;
  /**
   * Seconds without a request, those before the nap included, after which a dyno that naps sleeps.
   * @default 21600
   */
  readonly until?: number;
  /**
   * MiB of the machine's memory that are to stay free: when there are fewer, the dynos that have napped longest sleep.
   * @default a tenth of the machine's memory
   */
  readonly reserve?: number;
}

interface CycleSettings {
  /**
   * Seconds after which a dyno is restarted; 0: never.
   * @default 86400
   */
  readonly every?: number;
  /**
   * Up to so many seconds are added, for each dyno anew.
   * @default 12960
   */
  readonly spread?: number;
}

interface HoursSettings {
  /**
   * Hours a month.
   * @default 750
   */
  readonly free?: number;
  /**
   * Whether each app has these hours, or all apps together.
   * @default "app"
   */
  readonly per?: "app" | "account";
}

interface ReleaseSettings {
  /**
   * Of how many releases of an app the images are kept.
   * @default 20
   */
  readonly keep?: number;
}

interface AccountSettings {
  /**
   * Whether anybody who reaches the platform may make an account; otherwise admins invite.
   * @default false
   */
  readonly signUp?: boolean;
}

/** Where users connect accounts to deploy from. */
interface GitHubSettings {
  /**
   * What kind of forge it is: `gitea` is Forgejo too.
   * @default "github"
   */
  readonly forge?: ForgeKind;
  /**
   * Of GitHub's pages; of a GitHub Enterprise Server, a Gitea or a Forgejo its own.
   * @default "https://github.com"; there is none of a Gitea
   */
  readonly baseUrl?: string;
  /**
   * Of an OAuth App in which the device flow is switched on.
   * @default accounts are connected by a GitHub App or a token, and by no code
   */
  readonly clientId?: string;
}

interface DriftSettings {
  /**
   * Seconds between two looks; 0: never. A look reads every resource of the platform and its apps again.
   * @default 0
   */
  readonly every?: number;
}

export interface CiSettings {
  /**
   * Which workflows of GitHub Actions are let in by the tokens that GitHub makes for them.
   * @default []
   */
  readonly trust?: readonly CiTrust[];
  /**
   * Who makes the tokens; of GitHub Enterprise Server `https://HOST/_services/token`.
   * @default "https://token.actions.githubusercontent.com"
   */
  readonly issuer?: string;
}

/** What the workflows of a repository may do. */
export interface CiTrust {
  /** `owner/name` */
  readonly repo: string;
  /**
   * A branch, or a whole ref such as `refs/pull/*`; a star at the end stands for the rest.
   * @default any
   */
  readonly ref?: string;
  /** `preview`: see what stack files would do; `up`: that, and have apps brought up by them. */
  readonly may: "preview" | "up";
}

interface BackupSettings {
  /**
   * How many of each database are kept: a new one removes the oldest.
   * @default 5
   */
  readonly keep?: number;
}

const port = integer(1, 65_535);
const portOrNone: Reader<number | false> = (value, path, problems) => {
  if (value === false || (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535)) {
    return value;
  }
  problems.add(path, `${show(value)} is not allowed; use a whole number from 1 to 65535, or false`);
  return undefined;
};
const memoryLimit = optional(object<MemoryLimit>({ memory: optional(integer(64, 1_048_576)) }));
/** Up to a year. */
const seconds = optional(integer(0, 31_536_000));

/** Reads {@link PlatformSettings} from plain data. */
export const platformSettings: Reader<PlatformSettings> = (value, path, problems) => {
  const settings = fields(value, path, problems);
  const bind = settings?.ports?.bind ?? DEFAULT_BIND;
  if (settings?.https?.email !== undefined && httpsPort(settings.ports) === undefined) {
    problems.add(join(path, "https"), "is for HTTPS, which this platform does not speak; set ports.https, e.g. to 443");
  }
  if (settings?.access === "public") checkPublic(settings, join(path, "access"), problems);
  const local = settings?.proxies?.find(isLoopback);
  if (local !== undefined && !isLoopback(bind)) {
    problems.add(
      join(path, "proxies"),
      `"${local}" is a proxy on this host, which cannot be told from other clients while ports.bind is "${bind}"; ` +
        `leave ports.bind at "${DEFAULT_BIND}", so that all requests come through the proxy`,
    );
  }
  if (settings?.github !== undefined) checkForge(settings.github, join(path, "github"), problems);
  return settings;
};

/** Tokens and passwords go over HTTPS: that of the router, or of a proxy before it. */
function checkPublic(settings: PlatformSettings, path: string, problems: Problems): void {
  const { domain = DEFAULT_DOMAIN, https, ports, proxies = [] } = settings;
  if (proxies.length > 0) return;
  if (httpsPort(ports) === undefined) {
    problems.add(path, "is by HTTPS alone, which this platform does not speak; set ports.https, e.g. to 443");
  } else if (https?.email === undefined && !isLocalDomain(domain)) {
    problems.add(
      path,
      `needs certificates for names below ${domain}; set https.email, or name the proxy with TLS in proxies`,
    );
  }
}

/** An address that forges deliver to. */
const origin: Reader<string> = text('use a URL without a path, e.g. "https://dashboard.apps.example.com"', isOrigin);
/** As `services/stacks/plan` reads it. */
function isRule(text: string): boolean {
  return /^(create|update|replace|delete):[\w@/.:-]+$/.test(text);
}

/** Whether it is the address of a web server and nothing below it. */
function isOrigin(url: string): boolean {
  return /^https?:/.test(url) && URL.canParse(url) && new URL(url).origin === url;
}

const fields = object<PlatformSettings>({
  name: optional(platformName),
  domain: optional(hostName),
  ports: optional(
    object<PortSettings>({
      web: optional(port),
      https: optional(portOrNone),
      postgres: optional(port),
      api: optional(port),
      bind: optional(ipv4Address),
    }),
  ),
  https: optional(httpsSettings),
  access: optional(oneOf("kind of access", ["local", "public"])),
  subnet: optional(subnet),
  egress: optional(object({ allow: optional(list(ipv4Network)) })),
  proxies: optional(list(ipv4Network)),
  limits: optional(
    object({ router: memoryLimit, postgres: memoryLimit, controlPlane: memoryLimit, runner: memoryLimit }),
  ),
  sleep: optional(object<SleepSettings>({ after: seconds })),
  nap: optional(
    object<NapSettings>({ enabled: optional(boolean), until: seconds, reserve: optional(integer(0, 1_048_576)) }),
  ),
  cycle: optional(object<CycleSettings>({ every: seconds, spread: seconds })),
  hours: optional(
    object<HoursSettings>({
      free: optional(integer(0, 1_000_000)),
      per: optional(oneOf("holder of hours", ["app", "account"])),
    }),
  ),
  commitChanges: optional(boolean),
  releases: optional(object<ReleaseSettings>({ keep: optional(integer(1, 1000)) })),
  pythons: optional(oneOf("source of Pythons", ["debian", "uv"])),
  accounts: optional(object<AccountSettings>({ signUp: optional(boolean) })),
  github: optional(
    object<GitHubSettings>({
      forge: optional(forgeKind),
      baseUrl: optional(baseUrl),
      clientId: optional(text("use the client id of an OAuth App", (id) => /^[\w.-]{1,100}$/.test(id))),
    }),
  ),
  webhooks: optional(origin),
  drift: optional(object<DriftSettings>({ every: seconds })),
  ci: optional(
    object<CiSettings>({
      trust: optional(
        list(
          object<CiTrust>({
            repo: text('use the full name of a repository, e.g. "octocat/hello"', (name) =>
              /^[\w.-]+\/[\w.-]+$/.test(name),
            ),
            ref: optional(
              text('use a branch or a ref, e.g. "main" or "refs/pull/*"', (ref) => /^[^\s*]+\*?$/.test(ref)),
            ),
            may: oneOf("thing that workflows may do", ["preview", "up"]),
          }),
        ),
      ),
      issuer: optional(
        text("use a URL that begins with https://", (url) => url.startsWith("https://") && URL.canParse(url)),
      ),
    }),
  ),
  deny: optional(list(text('use rules like "delete:addon" and "replace:postgresql"', isRule))),
  backups: optional(object<BackupSettings>({ keep: optional(integer(1, 1000)) })),
  directory: optional(text("use an absolute path", (path) => path.startsWith("/"))),
});

/** Where a platform has its Pythons from: Debian's releases, or what uv downloads, with exact versions. */
export type PythonSource = "debian" | "uv";
