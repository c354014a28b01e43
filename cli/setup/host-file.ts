import { readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";

/** Docker's own choice where the host has no resolver that a container could reach. */
const PUBLIC_RESOLVERS = ["8.8.8.8", "8.8.4.4"];

/**
 * What the dynos' init reads about the host, as definitions for nftables: the host's own addresses,
 * which dynos must not reach, and its resolvers, which Docker's DNS asks from within a dyno's network
 * namespace. Dynos have IPv4 only.
 */
export async function hostFile(): Promise<string> {
  const resolvers = await readResolvers();
  return renderHostFile(hostAddresses(), resolvers);
}

export function renderHostFile(addresses: readonly string[], resolvers: readonly string[]): string {
  const set = (items: readonly string[]) => `{ ${[...new Set(items)].sort().join(", ")} }`;
  return `define host_addresses = ${set(addresses)}\ndefine resolvers = ${set(resolvers)}\n`;
}

function hostAddresses(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.filter(({ family }) => family === "IPv4").map(({ address }) => address);
}

async function readResolvers(): Promise<string[]> {
  // systemd-resolved's stub listens on the host's loopback; Docker then takes what stands behind it.
  for (const file of ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]) {
    const found = resolversOf(await readFile(file, "utf8").catch(() => ""));
    if (found.length > 0) return found;
  }
  return PUBLIC_RESOLVERS;
}

/** The IPv4 resolvers of a resolv.conf that are not the host's own loopback. */
export function resolversOf(text: string): string[] {
  const addresses = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, address = ""]) => address);
  return addresses.filter((address) => isIPv4(address) && !address.startsWith("127."));
}
