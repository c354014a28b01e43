import { isRecord } from "../../lib/validation/readers.ts";
import { covers, namesOf, readChain } from "./certificate-chain.ts";

/** A certificate as an app declares it. */
export interface DeclaredCertificate {
  readonly name: string;
  /** PEM. */
  readonly chain: string;
  /** The host names that it is for; none where it cannot be read. */
  readonly names: readonly string[];
  /** The app's hosts that are served with it. */
  readonly hosts: readonly string[];
}

/** The certificates of an app's settings, whether checked or as written, so far as they can be read. */
export function declaredCertificates({
  certificates,
  hosts,
}: {
  readonly certificates?: unknown;
  readonly hosts?: unknown;
}): DeclaredCertificate[] {
  if (!isRecord(certificates)) return [];
  const all = Array.isArray(hosts) ? hosts.map(String) : [];
  return Object.entries(certificates).flatMap(([name, value]) => {
    if (!isRecord(value) || typeof value.chain !== "string") return [];
    const [own] = readChain(value.chain) ?? [];
    const names = own === undefined ? [] : namesOf(own);
    const served = Array.isArray(value.hosts) ? value.hosts.map(String) : all.filter((host) => covers(names, host));
    return [{ name, chain: value.chain, names, hosts: served }];
  });
}
