import { type CaaRecord, type Dns, DnsTrouble, found } from "./dns.ts";
import type { WantedName } from "./names.ts";
import { type Found, type ProbeOptions, probe } from "./probe.ts";

/** What our own look at a name came to, before an authority is asked for it. */
export interface Checked {
  /** Why an authority would refuse, as users read it; undefined: nothing is wrong. */
  readonly problem: string | undefined;
  /** What DNS says of the name: something changed when this has. */
  readonly seen: string;
}

export interface CheckOptions {
  readonly dns: Dns;
  /** A name that leads to this platform, as all below its domain do. */
  readonly own: string;
  /** Whether an address is one of the internet's, and of no network of ours. */
  isPublic(address: string): boolean;
  /** Whether there is a DNS provider. */
  readonly provider: boolean;
  /** What is served at every name that leads here. */
  readonly file: Pick<ProbeOptions, "path" | "content" | "port">;
}

/** Where a file is served from that proves a name to be ours. */
export const CHALLENGES = "/.well-known/acme-challenge/";

/**
 * Looks whether a name leads here and the authority may sign for it, as the authority will.
 *
 * @param identities the authority's names in CAA records; none: those records are not looked at
 */
export async function check(name: WantedName, identities: readonly string[], options: CheckOptions): Promise<Checked> {
  const { dns, own, provider } = options;
  try {
    const caa = await caaProblem(dns, name.host, identities);
    if (name.by === "dns") {
      const missing = `${name.host} can be proven by DNS alone; set dynoform:platform.https.dns, or use a certificate of your own`;
      return { problem: provider ? caa : missing, seen: caa ?? "" };
    }
    const [addresses, ours] = await Promise.all([addressesOf(dns, name.host), addressesOf(dns, own)]);
    const seen = [...[...addresses].sort(), caa ?? ""].join(" ");
    return { seen, problem: (await leadsElsewhere(name, addresses, ours, options)) ?? caa };
  } catch (error) {
    if (!(error instanceof DnsTrouble)) throw error;
    return { problem: error.message, seen: error.message };
  }
}

async function addressesOf(dns: Dns, host: string): Promise<readonly string[]> {
  const [four, six] = await Promise.all([found(dns.a(host), host), found(dns.aaaa(host), host)]);
  return [...four, ...six];
}

async function leadsElsewhere(
  { host, target }: WantedName,
  addresses: readonly string[],
  ours: readonly string[],
  { dns, file, isPublic }: CheckOptions,
): Promise<string | undefined> {
  if (addresses.length === 0) return `${host} has no A and no AAAA record; point it to ${target}`;
  // Nobody has us ask inside of networks that they cannot reach themselves.
  const mayAsk = (address: string) => isPublic(address) || ours.includes(address);
  const resolve = async (other: string) => (await addressesOf(dns, other).catch(() => [])).find(mayAsk);
  for (const address of addresses) {
    const answer: Found = mayAsk(address)
      ? await probe({ ...file, host, address, resolve })
      : { kind: "nobody", code: "EACCES" };
    if (answer.kind === "own") continue;
    if (!ours.includes(address)) {
      // What this machine has no way to says nothing of the way that others have.
      if (answer.kind === "nobody" && UNREACHABLE.includes(answer.code) && addresses.length > 1) continue;
      return `${host} has the address ${address}, ${oursAre(ours)}`;
    }
    if (answer.kind === "other") {
      return `${host} leads to this platform's address ${address}, where somebody else answers port 80 (with ${answer.status})`;
    }
    // Some networks do not lead back to their own public address; the authority comes from outside.
  }
  return undefined;
}

/** No way to any address of that kind, as for IPv6 from a container. */
const UNREACHABLE: readonly string[] = ["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"];

function oursAre(ours: readonly string[]): string {
  return ours.length === 0 ? "where this platform does not answer" : `this platform has ${ours.join(" and ")}`;
}

async function caaProblem(dns: Dns, host: string, identities: readonly string[]): Promise<string | undefined> {
  if (identities.length === 0) return undefined;
  const wildcard = host.startsWith("*.");
  const labels = (wildcard ? host.slice(2) : host).split(".");
  for (let at = 0; at < labels.length; at++) {
    const holder = labels.slice(at).join(".");
    const records = await found(dns.caa(holder), holder);
    if (records.length > 0) return refusal(records, holder, wildcard, identities);
  }
  return undefined;
}

/** By the records nearest to the name, and no others (RFC 8659). */
function refusal(
  records: readonly CaaRecord[],
  holder: string,
  wildcard: boolean,
  identities: readonly string[],
): string | undefined {
  const named = (property: "issue" | "issuewild") =>
    records.flatMap((record) => (record[property] === undefined ? [] : [issuerOf(record[property])]));
  const wild = wildcard ? named("issuewild") : [];
  const [property, allowed] = wild.length > 0 ? (["issuewild", wild] as const) : (["issue", named("issue")] as const);
  if (allowed.length === 0 || allowed.some((issuer) => identities.includes(issuer))) return undefined;
  const others = allowed.filter((issuer) => issuer !== "");
  const says = others.length === 0 ? "allows nobody" : `allows only ${others.join(" and ")}`;
  return `the CAA record of ${holder} ${says}; add one: 0 ${property} "${identities[0]}"`;
}

/** `letsencrypt.org; accounturi=…` */
function issuerOf(value: string): string {
  return (value.split(";", 1)[0] ?? "").trim().toLowerCase();
}
