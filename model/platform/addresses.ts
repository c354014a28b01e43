import { isIPv4 } from "node:net";
import { type Reader, text } from "../../lib/validation/readers.ts";
import { numberOf } from "../content.ts";

export { platformDirectory } from "./directories.ts";

/** A platform's addresses on its own overlay network. */
interface Addresses {
  /** The whole network, a /16. */
  readonly subnet: string;
  readonly gateway: string;
  /** The upper half, from which Docker gives dynos their addresses: the fixed ones below are never among them. */
  readonly range: string;
  readonly router: string;
  readonly postgres: string;
  readonly controlPlane: string;
}

const SUBNET = /^(\d+\.\d+\.0\.0)\/16$/;

/** A private /16, which is what a platform's overlay takes. */
export const subnet: Reader<string> = text("use a private /16, e.g. 10.77.0.0/16", (value) => {
  const [, network = ""] = SUBNET.exec(value) ?? [];
  if (!isIPv4(network)) return false;
  const [a = 0, b = 0] = network.split(".").map(Number);
  return a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
});

/**
 * An IPv4 address or network in CIDR notation. Without leading zeros: what reads them as octal would read another
 * address, and what does not refuses them.
 */
export const ipv4Network: Reader<string> = text("use an IPv4 address or network, e.g. 10.1.2.0/24", (value) => {
  const [, address = "", , prefix = "32"] = /^([\d.]+)(\/(0|[1-9]\d?))?$/.exec(value) ?? [];
  return isIPv4(address) && Number(prefix) <= 32;
});

/** An IPv4 address of the host. */
export const ipv4Address: Reader<string> = text("use an IPv4 address, e.g. 127.0.0.1", isIPv4);

/** A platform as browsers reach it. */
interface Served {
  readonly domain: string;
  readonly webPort: number;
}

/** Where the router serves an app: `http://shop.localhost:8080/`. */
export function appUrl(name: string, platform: Served): string {
  return `${originOf(name, platform)}/`;
}

/** Where browsers find a platform's dashboard: `http://dashboard.localhost:8080`. */
export function dashboardUrl(platform: Served): string {
  return originOf("dashboard", platform);
}

function originOf(name: string, { domain, webPort }: Served): string {
  return `http://${name}.${domain}${webPort === 80 ? "" : `:${webPort}`}`;
}

/** The parts of a platform that have a name of their own below its domain, once it is reached from anywhere. */
export const PUBLIC_PARTS = ["api", "git", "dashboard"] as const;

export type PublicPart = (typeof PUBLIC_PARTS)[number];

/**
 * Where a part is reached from anywhere: `https://api.apps.example.com`.
 *
 * @param platform `httpsPort` null: a proxy before the router speaks TLS
 */
export function publicUrl(
  part: PublicPart,
  { domain, httpsPort }: { readonly domain: string; readonly httpsPort: number | null },
): string {
  return `https://${part}.${domain}${httpsPort === null || httpsPort === 443 ? "" : `:${httpsPort}`}`;
}

/** Below which the names of apps are this machine's own, whoever asks for them. */
export function isLocalDomain(domain: string): boolean {
  return domain === "localhost" || domain.endsWith(".localhost");
}

/** Whether an address, or a network's first, is the host's own loopback. */
export function isLoopback(address: string): boolean {
  return address.startsWith("127.");
}

/**
 * The addresses within `subnet`. The default follows from the platform's name, so that two platforms on one Docker
 * Engine rarely meet; it lies in 10.64.0.0/10, away from Swarm's own pool at 10.0.0.0.
 */
export function addresses(platform: string, network?: string): Addresses {
  const prefix = network === undefined ? `10.${64 + (numberOf(platform) % 128)}` : network.replace(".0.0/16", "");
  return {
    subnet: `${prefix}.0.0/16`,
    gateway: `${prefix}.0.1`,
    range: `${prefix}.128.0/17`,
    router: `${prefix}.0.10`,
    postgres: `${prefix}.0.11`,
    controlPlane: `${prefix}.0.12`,
  };
}
