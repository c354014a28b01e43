import { createHash, randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../../lib/errors.ts";
import type { AcmeSettings } from "../../../model/platform/https.ts";
import { LETS_ENCRYPT } from "../../../model/platform/https.ts";
import type { Clock } from "../types.ts";
import { AutomaticCertificates, type CertificateShelf } from "./automatic.ts";
import { CHALLENGES, check } from "./check.ts";
import { Authority } from "./directory.ts";
import { openDns } from "./dns.ts";
import { Lego } from "./lego.ts";
import { type WantedName, wantedNames } from "./names.ts";
import { NameStore } from "./store.ts";

export interface OpenOptions {
  /** Undefined: there are none that renew themselves, and those that there were go. */
  readonly acme: AcmeSettings | undefined;
  readonly credentials: Readonly<Record<string, string>>;
  readonly domain: string;
  /** The platform's own names below it: `dashboard`. */
  readonly parts: readonly string[];
  /** Whether the domain is this machine's own. */
  readonly local: boolean;
  readonly apps: { list(): Promise<Parameters<typeof wantedNames>[0]> };
  readonly router: CertificateShelf;
  readonly db: DatabaseSync;
  /** The client's folder, and that from which the router serves proofs. */
  readonly folder: string;
  readonly challenges: string;
  /** Whether an address is one of the internet's, and of no network of ours. */
  isPublic(address: string): boolean;
  readonly clock: Clock;
  report(problem: string): void;
  /** What differs in tests. @default port 80, and lego of the path */
  readonly probePort?: number;
  readonly command?: string;
}

/** Certificates that renew themselves, as a platform declares them. */
export function openCertificates(options: OpenOptions): { certificates: AutomaticCertificates; store: NameStore } {
  const { acme, apps, domain, parts, local, challenges, clock, router, report } = options;
  const store = new NameStore(options.db);
  const settings = { email: "", ...acme, server: acme?.server ?? LETS_ENCRYPT };
  const folder = join(options.folder, folderName(settings));
  const client = new Lego({ settings, folder, challenges, credentials: options.credentials, command: options.command });
  const file = { path: `${CHALLENGES}dynoform-${randomUUID()}`, content: randomUUID(), port: options.probePort };
  const provider = acme?.dns !== undefined;
  const lookedAt = {
    dns: openDns(acme?.resolvers),
    own: `dashboard.${domain}`,
    file,
    provider,
    isPublic: options.isPublic,
  };
  const certificates = new AutomaticCertificates({
    store,
    router,
    clock,
    report,
    client: {
      certificate: (host) => client.certificate(host),
      order: (name) => client.order(name),
      renew: (name) => client.renew(name),
      remove: (host) => client.remove(host),
      async open() {
        await client.open();
        await offer(challenges, file);
      },
    },
    authority: new Authority({ server: settings.server, authority: settings.authority, clock }),
    async wanted(): Promise<readonly WantedName[]> {
      return acme === undefined ? [] : wantedNames(await apps.list(), { domain, parts, local, dns: provider });
    },
    check: (name, identities) => check(name, identities, lookedAt),
  });
  return { certificates, store };
}

/** What one authority has signed is nothing for another one, or for another profile. */
function folderName({
  server,
  profile = "",
}: {
  readonly server: string;
  readonly profile?: string | undefined;
}): string {
  const hash = createHash("sha256").update(`${server} ${profile}`).digest("hex").slice(0, 8);
  return `${new URL(server).hostname}-${hash}`;
}

/** Has the router serve our own file, and nothing that an order of before has left. */
async function offer(challenges: string, { path, content }: { readonly path: string; readonly content: string }) {
  try {
    await rm(join(challenges, CHALLENGES), { recursive: true, force: true });
    await mkdir(join(challenges, CHALLENGES), { recursive: true });
    await writeFile(join(challenges, path), content);
  } catch (error) {
    throw new Error(`the router's folder cannot be written: ${messageOf(error)}`);
  }
}
