import type { DeclaredCertificate } from "../../../model/app/certificates.ts";

/** A name that is to have a certificate that renews itself. */
export interface WantedName {
  /** `www.shop.example`, or `*.shop.example`. */
  readonly host: string;
  /** The app that is served at it; undefined: the platform. */
  readonly app?: string;
  /** How it is proven that the name is ours: by a file that is served there, or by a record. */
  readonly by: "http" | "dns";
  /** Where the name has to point to. */
  readonly target: string;
}

interface App {
  readonly name: string;
  readonly acm: boolean;
  readonly hosts: readonly string[];
  readonly certificates: readonly DeclaredCertificate[];
}

interface Platform {
  readonly domain: string;
  /** Its own names below the domain: `dashboard`. */
  readonly parts: readonly string[];
  /** Whether the domain is this machine's own. */
  readonly local: boolean;
  /** Whether there is a DNS provider. */
  readonly dns: boolean;
}

/**
 * The names that are declared. With a DNS provider those of the platform's own domain are one wildcard, so that no app and no
 * review app counts towards an authority's limits; without one each is a certificate of its own.
 */
export function wantedNames(apps: readonly App[], { domain, parts, local, dns }: Platform): WantedName[] {
  const own = local ? [] : platformNames(apps, parts, domain, dns);
  return [...own, ...apps.flatMap((app) => (app.acm ? namesOf(app, domain) : []))];
}

function platformNames(apps: readonly App[], parts: Platform["parts"], domain: string, dns: boolean): WantedName[] {
  if (dns) return [{ host: `*.${domain}`, by: "dns", target: domain }];
  const own = parts.map((part): WantedName => ({ host: `${part}.${domain}`, by: "http", target: domain }));
  const named = apps.filter(({ acm }) => acm);
  return [...own, ...named.map(({ name }): WantedName => ({ ...ownName(name, domain), app: name, by: "http" }))];
}

function ownName(app: string, domain: string): { host: string; target: string } {
  return { host: `${app}.${domain}`, target: domain };
}

/** The app's domains that no certificate of its own serves. */
function namesOf({ name, hosts, certificates }: App, domain: string): WantedName[] {
  const served = new Set(certificates.flatMap((certificate) => certificate.hosts));
  return hosts
    .filter((host) => !served.has(host))
    .map((host) => ({ host, app: name, by: host.startsWith("*.") ? "dns" : "http", target: `${name}.${domain}` }));
}
