import { type Reader, text } from "../check/readers.ts";
import { numberOf } from "../content.ts";

export { platformDirectory } from "../../provider/build/directories.ts";

/** A platform's addresses on its own overlay network. */
export interface Addresses {
  /** The whole network, a /16. */
  readonly subnet: string;
  readonly gateway: string;
  /** The upper half, from which Docker gives dynos their addresses: the fixed ones below are never among them. */
  readonly range: string;
  readonly router: string;
  readonly postgres: string;
  readonly controlPlane: string;
}

const SUBNET = /^(\d{1,3})\.(\d{1,3})\.0\.0\/16$/;

/** A private /16, which is what a platform's overlay takes. */
export const subnet: Reader<string> = text("use a private /16, e.g. 10.77.0.0/16", (value) => {
  const [, a, b] = (SUBNET.exec(value) ?? []).map(Number);
  if (a === undefined || b === undefined || b > 255) return false;
  return a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
});

/** An IPv4 address or network in CIDR notation. */
export const ipv4Network: Reader<string> = text("use an IPv4 address or network, e.g. 10.1.2.0/24", (value) => {
  const [, address = "", , prefix = "32"] = /^([\d.]+)(\/(\d{1,2}))?$/.exec(value) ?? [];
  return isIpv4(address) && Number(prefix) <= 32;
});

/** An IPv4 address of the host. */
export const ipv4Address: Reader<string> = text("use an IPv4 address, e.g. 127.0.0.1", isIpv4);

function isIpv4(value: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(value) && value.split(".").every((part) => Number(part) <= 255);
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
