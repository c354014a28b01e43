import { type LookupAddress, lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** Whether a drain may be at an IP address. */
export type Reach = (address: string) => boolean;

/** Where no dyno comes either: this machine and private networks, whose services trust who reaches them. */
const CLOSED = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"],
  ...["192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"],
  ...["::/127", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"],
];

/** @param allow private networks that are open to dynos, and so to drains, e.g. `10.1.0.0/16` */
export function publicReach(allow: readonly string[] = []): Reach {
  const [closed, open] = [listOf(CLOSED), listOf(allow)];
  return (address) => {
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    return isIP(address) !== 0 && (open.check(address, family) || !closed.check(address, family));
  };
}

/** Looks names up as ever, and leaves out what may not be reached: checked at each connection, as names move. */
export function lookupWithin(reach: Reach): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses = (error ? [] : found).filter(({ address }) => reach(address));
      const [first] = addresses;
      if (error !== null) done(error, "");
      else if (first === undefined) done(unreachable(), "");
      else if (options.all === true) (done as (error: null, all: LookupAddress[]) => void)(null, addresses);
      else done(null, first.address, first.family);
    });
  };
}

/** @param host as a URL has it @throws Error for an address that may not be reached; names are looked up later */
export function checkReach(reach: Reach | undefined, host: string): void {
  const address = host.replace(/^\[|\]$/g, "");
  if (reach !== undefined && isIP(address) !== 0 && !reach(address)) throw unreachable();
}

function unreachable(): Error {
  return new Error("a drain is in a network that is closed to dynos");
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits = ""] = network.split("/");
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}
