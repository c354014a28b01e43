import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { Problems } from "../../lib/validation/problems.ts";
import {
  boolean,
  integer,
  isRecord,
  list,
  map,
  object,
  optional,
  type Reader,
  text,
} from "../../lib/validation/readers.ts";
import { hsts } from "../app/settings.ts";

/** Certificates that renew themselves, by ACME, and what holds for all of the platform's HTTPS. Its port is `ports.https`. */
export interface HttpsSettings {
  /**
   * Whom the authority writes to. Who sets it accepts the authority's terms of service.
   * @default there are no certificates that renew themselves
   */
  readonly email?: string;
  /**
   * The authority's ACME directory.
   * @default "https://acme-v02.api.letsencrypt.org/directory"
   */
  readonly server?: string;
  /**
   * The certificate, in PEM, of who signed that of `server`.
   * @default those that the machine trusts
   */
  readonly authority?: string;
  /**
   * The authority's kind of certificate, e.g. `tlsserver`.
   * @default the authority's own choice
   */
  readonly profile?: string;
  /** Who proves by DNS that names are the platform's: wildcards need it, and the platform's own names are one wildcard then. */
  readonly dns?: DnsSettings;
  /**
   * The DNS servers to ask, `ADDRESS` or `ADDRESS:PORT`.
   * @default the machine's
   */
  readonly resolvers?: readonly string[];
  /**
   * Whether requests over HTTP are sent to HTTPS, at hosts that have a certificate: of the dashboard, and of apps that say
   * nothing of it.
   * @default false
   */
  readonly redirect?: boolean;
  /**
   * Seconds for which browsers are to come by HTTPS alone, likewise; 0: they are told nothing.
   * @default 0
   */
  readonly hsts?: number;
}

export interface DnsSettings {
  /** Where the names are kept, as lego calls it: https://go-acme.github.io/lego/dns lists them with what they are told. */
  readonly provider: string;
  /**
   * Seconds to wait for a record, up to an hour, instead of asking the names' own DNS servers for it.
   * @default they are asked
   */
  readonly wait?: number;
}

/** What the control plane is told of certificates by ACME. */
export type AcmeSettings = Omit<HttpsSettings, "redirect" | "hsts"> & { readonly email: string };

/** The authority that is asked unless a platform says otherwise. */
export const LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory";

const email = text("use an e-mail address", (value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value));

/** Readers of {@link HttpsSettings}. */
const fields = object<HttpsSettings>({
  email: optional(email),
  server: optional(text("use the https:// URL of an ACME directory", isSecureUrl)),
  authority: optional(text("use a certificate in PEM", isCertificate)),
  profile: optional(text("use a name such as tlsserver", (name) => /^[\w-]{1,64}$/.test(name))),
  dns: optional(
    object<DnsSettings>({
      provider: text("use one of lego's DNS providers, e.g. cloudflare", (name) => /^[a-z0-9-]{1,40}$/.test(name)),
      wait: optional(integer(1, 3600)),
    }),
  ),
  resolvers: optional(list(text("use the address of a DNS server, e.g. 192.0.2.53 or 192.0.2.53:5353", isServer))),
  redirect: optional(boolean),
  hsts: optional(hsts),
});

export const httpsSettings: Reader<HttpsSettings> = (value, path, problems) => {
  const read = fields(value, path, problems);
  if (!isRecord(value) || value.email !== undefined) return read;
  for (const key of ["server", "authority", "profile", "dns"]) {
    if (key in value) problems.add(`${path}.${key}`, `is for certificates by ACME; set ${path}.email as well`);
  }
  return read;
};

/** Reads what a DNS provider is told. Its messages show no value. */
export const dnsCredentials: Reader<Readonly<Record<string, string>>> = map(variable, (value, path, problems) => {
  if (typeof value === "string" && value !== "" && !value.includes("\0")) return value;
  problems.add(path, "is no text; set it to what the DNS provider wants, as a secret");
  return undefined;
});

/** Adds what does not fit together. @param path of the credentials */
export function checkDns(settings: HttpsSettings | undefined, credentials: object, path: string, problems: Problems) {
  if (settings?.dns !== undefined || Object.keys(credentials).length === 0) return;
  problems.add(path, "is for a DNS provider and there is none; set dynoform:platform.https.dns.provider, or remove it");
}

/** Variables that the process of lego has for other reasons, or that would have it do something else. */
const TAKEN = /^(PATH|HOME|LD_.*|LEGO_.*|GODEBUG|NODE_.*|https?_proxy|no_proxy)$/i;

function variable(name: string, path: string, problems: Problems): void {
  if (!/^[A-Z][A-Z0-9_]{0,99}$/.test(name)) {
    problems.add(path, "is no variable of a DNS provider; use names such as CLOUDFLARE_DNS_API_TOKEN");
  } else if (TAKEN.test(name)) problems.add(path, "is no variable of a DNS provider; remove it");
}

function isSecureUrl(url: string): boolean {
  return url.startsWith("https://") && URL.canParse(url);
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem) !== undefined;
  } catch {
    return false;
  }
}

function isServer(server: string): boolean {
  const [, address = "", , port = "53"] = /^([\d.]+)(:(\d{1,5}))?$/.exec(server) ?? [];
  return isIP(address) === 4 && Number(port) >= 1 && Number(port) <= 65_535;
}
