import { integer, list, object, optional, type Reader, text } from "../check/readers.ts";
import { hostName, platformName } from "../names.ts";
import { ipv4Address, ipv4Network, subnet } from "./addresses.ts";

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
  /** What the platform's own containers may use. */
  readonly limits?: {
    readonly router?: MemoryLimit;
    readonly postgres?: MemoryLimit;
  };
  /**
   * The folder on the host for sockets and build records; `npx dynoform setup` makes it.
   * @default `$DYNOFORM_HOME/<name>`; DYNOFORM_HOME is /var/lib/dynoform for root, else ~/.local/share/dynoform
   */
  readonly directory?: string;
}

export interface PortSettings {
  /**
   * The router's port.
   * @default 8080
   */
  readonly web?: number;
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
   * @default 512
   */
  readonly memory?: number;
}

const port = integer(1, 65_535);
const memoryLimit = optional(object<MemoryLimit>({ memory: optional(integer(64, 1_048_576)) }));

/** Reads {@link PlatformSettings} from plain data. */
export const platformSettings: Reader<PlatformSettings> = object<PlatformSettings>({
  name: optional(platformName),
  domain: optional(hostName),
  ports: optional(
    object<PortSettings>({
      web: optional(port),
      postgres: optional(port),
      api: optional(port),
      bind: optional(ipv4Address),
    }),
  ),
  subnet: optional(subnet),
  egress: optional(object({ allow: optional(list(ipv4Network)) })),
  limits: optional(object({ router: memoryLimit, postgres: memoryLimit })),
  directory: optional(text("use an absolute path", (path) => path.startsWith("/"))),
});
