import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Interface names have at most 15 characters. */
function linkName(namespace: string): string {
  return namespace.slice(0, 15);
}

/** An address of a range for documentation (RFC 5737) that `addBlackHole` routes to nowhere. */
export const BLACK_HOLE = "203.0.113.253";

/** Makes a network namespace that reaches the internet through the machine engine's `docker0` bridge. */
export async function addNamespace(name: string): Promise<void> {
  const link = linkName(name);
  const address = `172.17.${200 + Math.floor(Math.random() * 55)}.${1 + Math.floor(Math.random() * 250)}/16`;
  await run("ip", ["netns", "add", name]);
  await run("ip", ["link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name]);
  await run("ip", ["link", "set", link, "master", "docker0", "up"]);
  await run("ip", ["-n", name, "address", "add", address, "dev", "eth0"]);
  await run("ip", ["-n", name, "link", "set", "eth0", "up"]);
  await run("ip", ["-n", name, "link", "set", "lo", "up"]);
  await run("ip", ["-n", name, "route", "add", "default", "via", "172.17.0.1"]);
}

/** What the namespace sends to `BLACK_HOLE` vanishes, without an answer. */
export async function addBlackHole(name: string): Promise<void> {
  // One end of a cable sends to an address that nobody at the other end has.
  await run("ip", ["-n", name, "link", "add", "hole", "type", "veth", "peer", "name", "hole-end"]);
  await run("ip", ["-n", name, "link", "set", "hole", "up"]);
  await run("ip", ["-n", name, "link", "set", "hole-end", "up"]);
  await run("ip", ["-n", name, "route", "add", `${BLACK_HOLE}/32`, "dev", "hole"]);
  const nobody = ["lladdr", "02:00:00:00:00:01", "dev", "hole", "nud", "permanent"];
  await run("ip", ["-n", name, "neighbour", "add", BLACK_HOLE, ...nobody]);
}

/**
 * Makes a network namespace that reaches nothing: what it sends to any address but its own vanishes, and is counted. Names
 * are asked of an address out there too.
 */
export async function addLonelyNamespace(name: string): Promise<void> {
  const gateway = "203.0.113.254";
  await run("ip", ["netns", "add", name]);
  await mkdir(namesOf(name), { recursive: true });
  await writeFile(`${namesOf(name)}/resolv.conf`, "nameserver 203.0.113.1\n");
  // It says things by itself with IPv6.
  for (const each of ["all", "default"]) {
    await run("ip", ["netns", "exec", name, "sh", "-c", `echo 1 >/proc/sys/net/ipv6/conf/${each}/disable_ipv6`]);
  }
  await run("ip", ["-n", name, "link", "set", "lo", "up"]);
  await run("ip", ["-n", name, "link", "add", "hole", "type", "veth", "peer", "name", "hole-end"]);
  await run("ip", ["-n", name, "address", "add", "203.0.113.2/24", "dev", "hole"]);
  for (const end of ["hole", "hole-end"]) await run("ip", ["-n", name, "link", "set", end, "up"]);
  const nobody = ["lladdr", "02:00:00:00:00:01", "dev", "hole", "nud", "permanent"];
  await run("ip", ["-n", name, "neighbour", "add", gateway, ...nobody]);
  await run("ip", ["-n", name, "route", "add", "default", "via", gateway, "dev", "hole"]);
}

/** Says in a namespace whose addresses names are. */
export async function nameHosts(name: string, address: string, names: readonly string[]): Promise<void> {
  await mkdir(namesOf(name), { recursive: true });
  await writeFile(`${namesOf(name)}/hosts`, `127.0.0.1 localhost\n${address} ${names.join(" ")}\n`);
}

/** Bytes that a lonely namespace has sent to others. */
export async function sentBytes(name: string): Promise<number> {
  const { stdout } = await run("ip", ["-n", name, "-stats", "-json", "link", "show", "hole"]);
  return JSON.parse(stdout)[0].stats64.tx.bytes;
}

/** Where `ip netns exec` takes the namespace's own files of `/etc` from. */
function namesOf(namespace: string): string {
  return `/etc/netns/${namespace}`;
}

export async function removeNamespace(name: string): Promise<void> {
  await run("ip", ["netns", "delete", name]).catch(() => {});
  await run("ip", ["link", "delete", linkName(name)]).catch(() => {});
  await rm(namesOf(name), { recursive: true, force: true });
}
