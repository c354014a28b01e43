import { show } from "../../lib/validation/problems.ts";
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
import { hostName, platformName } from "../names.ts";
import { ipv4Address, ipv4Network, isLoopback, subnet } from "./addresses.ts";
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
   * Where apps' Pythons come from: `debian` has one of each release, from packages; `uv` downloads every patch, from
   * GitHub or where UV_PYTHON_INSTALL_MIRROR says.
   * @default "debian"
   */
  readonly pythons?: PythonSource;
  /** Who may have an account. */
  readonly accounts?: AccountSettings;
  readonly github?: GitHubSettings;
  /**
   * The folder on the host for sockets and build records; `npx dynoform setup` makes it.
   * @default `$DYNOFORM_HOME/<name>`; DYNOFORM_HOME is /var/lib/dynoform for root, else ~/.local/share/dynoform
   */
  readonly directory?: string;
}

/** What a platform is called, unless it says otherwise. */
export const DEFAULT_PLATFORM_NAME = "dynoform";

/** Of how many releases of an app the images and commits are kept, unless a platform says otherwise. */
export const DEFAULT_KEEP = 20;

/** How many backups of a database are kept, unless a platform says otherwise. */
export const DEFAULT_BACKUPS = 5;

/** Where the API is published, unless a platform says otherwise. */
export const DEFAULT_API_PORT = 5000;

/** The router's port, unless a platform says otherwise. */
export const DEFAULT_WEB_PORT = 8080;

/** Where it speaks TLS, unless a platform says otherwise. */
export const DEFAULT_HTTPS_PORT = 8443;

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

export interface SleepSettings {
  /**
   * Seconds without a request after which an app's dynos sleep; 0: never.
   * @default 1800
   */
  readonly after?: number;
}

export interface CycleSettings {
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

export interface HoursSettings {
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

export interface ReleaseSettings {
  /**
   * Of how many releases of an app the images are kept.
   * @default 20
   */
  readonly keep?: number;
}

export interface AccountSettings {
  /**
   * Whether anybody who reaches the platform may make an account; otherwise admins invite.
   * @default false
   */
  readonly signUp?: boolean;
}

/** Where users connect accounts to deploy from. */
export interface GitHubSettings {
  /**
   * Of GitHub's pages; of GitHub Enterprise Server its own.
   * @default "https://github.com"
   */
  readonly baseUrl?: string;
  /**
   * Of an OAuth App in which the device flow is switched on.
   * @default accounts are connected by a GitHub App or a token, and by no code
   */
  readonly clientId?: string;
}

export interface BackupSettings {
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
  const local = settings?.proxies?.find(isLoopback);
  if (local !== undefined && !isLoopback(bind)) {
    problems.add(
      join(path, "proxies"),
      `"${local}" is a proxy on this host, which cannot be told from other clients while ports.bind is "${bind}"; ` +
        `leave ports.bind at "${DEFAULT_BIND}", so that all requests come through the proxy`,
    );
  }
  return settings;
};

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
  subnet: optional(subnet),
  egress: optional(object({ allow: optional(list(ipv4Network)) })),
  proxies: optional(list(ipv4Network)),
  limits: optional(
    object({ router: memoryLimit, postgres: memoryLimit, controlPlane: memoryLimit, runner: memoryLimit }),
  ),
  sleep: optional(object<SleepSettings>({ after: seconds })),
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
      baseUrl: optional(text('use a URL without a path, e.g. "https://github.example.com"', isOrigin)),
      clientId: optional(text("use the client id of an OAuth App", (id) => /^[\w.-]{1,100}$/.test(id))),
    }),
  ),
  backups: optional(object<BackupSettings>({ keep: optional(integer(1, 1000)) })),
  directory: optional(text("use an absolute path", (path) => path.startsWith("/"))),
});

/** Where a platform has its Pythons from: Debian's releases, or what uv downloads, with exact versions. */
export type PythonSource = "debian" | "uv";
