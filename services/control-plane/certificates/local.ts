import { isDeepStrictEqual } from "node:util";
import type { RouterCertificate, RouterRevision, WantedCertificate } from "../../router-client/client.ts";
import { authority, certificateOf, isServed } from "../tls/certificates.ts";
import type { Clock } from "../types.ts";

/** What the certificates' part asks of the router; `RouterClient` of provider/route is it. */
export interface CertificatePort {
  /** Differs from what it was as soon as a host or a certificate came or went; `after`: that is waited for, for a while. */
  revision(after?: RouterRevision): Promise<RouterRevision>;
  /** The apps that are routed, with all their host names. */
  apps(): Promise<readonly { readonly hosts: readonly string[] }[]>;
  list(): Promise<readonly RouterCertificate[]>;
  put(name: string, certificate: WantedCertificate): Promise<unknown>;
  remove(name: string): Promise<unknown>;
}

interface LocalCertificatesOptions {
  readonly router: CertificatePort;
  /** The platform's, a local one. */
  readonly domain: string;
  /** The platform's own names below it: `dashboard`. */
  readonly parts: readonly string[];
  /** Where the authority is: `<directory>/control/tls`. */
  readonly folder: string;
  readonly clock: Clock;
}

/** Milliseconds after which certificates are looked at though nothing has changed: they end some day. */
const LOOK_EVERY_MS = 12 * 3_600_000;

/** What begins the names of these certificates in the router; the rest is the host. */
const PREFIX = "local.";

/**
 * The certificates of the names below a local domain, one for each, signed by the platform's own authority: browsers
 * take no `*.localhost`. What is routed is what has one, and the router, which keeps them, is where they are looked for.
 */
export class LocalCertificates {
  readonly #options: LocalCertificatesOptions;
  #seen: RouterRevision | undefined;
  #looked = 0;

  constructor(options: LocalCertificatesOptions) {
    this.#options = options;
  }

  /** Makes what is missing or ends soon, and takes away what nobody is routed for any more. */
  async tick(): Promise<void> {
    const { router, clock } = this.#options;
    // Whoever asks for a name right after it was routed is not to come too early.
    const revision = await router.revision(this.#seen);
    if (isDeepStrictEqual(revision, this.#seen) && clock() - this.#looked < LOOK_EVERY_MS) return;
    await this.#look();
    this.#looked = clock();
    this.#seen = revision;
  }

  async #look(): Promise<void> {
    const { router, domain, parts, folder, clock } = this.#options;
    const [apps, present, issuer] = await Promise.all([router.apps(), router.list(), authority(folder)]);
    const hosts = apps.flatMap((app) => app.hosts.filter((host) => host.endsWith(`.${domain}`)));
    const wanted = new Set([...parts.map((part) => `${part}.${domain}`), ...hosts]);
    const good = new Set(
      present.filter(({ chain }) => isServed(chain, issuer, clock())).map(({ name }) => name.slice(PREFIX.length)),
    );
    const failed: unknown[] = [];
    for (const host of wanted) {
      if (good.has(host)) continue;
      // What is wrong with one name keeps no other from its certificate.
      await this.#make(host).catch((error: unknown) => failed.push(error));
    }
    for (const { name } of present) {
      if (name.startsWith(PREFIX) && !wanted.has(name.slice(PREFIX.length))) await router.remove(name);
    }
    if (failed.length > 0) throw failed[0];
  }

  async #make(host: string): Promise<void> {
    const { router, folder } = this.#options;
    const { key, cert } = await certificateOf(folder, host);
    await router.put(`${PREFIX}${host}`, { hosts: [host], chain: cert, key });
  }
}
