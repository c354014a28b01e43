import { Resolver } from "node:dns/promises";

/** A record that says who may sign for a name. */
export type CaaRecord = { readonly issue?: string; readonly issuewild?: string };

/** What is asked of DNS. Rejects with `code`: ENOTFOUND and ENODATA, there is none; others, nobody knows. */
export interface Dns {
  a(host: string): Promise<readonly string[]>;
  aaaa(host: string): Promise<readonly string[]>;
  caa(host: string): Promise<readonly CaaRecord[]>;
}

const TIMEOUT_MS = 3000;

/** @param servers to ask @default the machine's */
export function openDns(servers: readonly string[] | undefined): Dns {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  return {
    a: (host) => resolver.resolve4(host),
    aaaa: (host) => resolver.resolve6(host),
    caa: async (host) => (await resolver.resolveCaa(host)) as CaaRecord[],
  };
}

/** DNS did not answer, or with an error of its own. */
export class DnsTrouble extends Error {}

/** A question's answer; nothing where there is none. @throws DnsTrouble */
export async function found<T>(question: Promise<readonly T[]>, what: string): Promise<readonly T[]> {
  try {
    return await question;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOTFOUND" || code === "ENODATA") return [];
    const how = code === "ETIMEOUT" ? "do not answer" : `answer with an error (${code})`;
    throw new DnsTrouble(`the DNS servers of ${what} ${how}`);
  }
}
