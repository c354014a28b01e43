import { execFile } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { promisify } from "node:util";
import type { ContextFile } from "./build.ts";

const execute = promisify(execFile);

/** Where Linux distributions keep the certificates that a machine trusts. */
const BUNDLES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
const LOCAL_CERTIFICATES = "/usr/local/share/ca-certificates";
const IMAGE_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** What differs from machine to machine and every image needs: never part of a recipe or of a resource's inputs. */
export interface Place {
  /** For images/base: below `place/`. */
  readonly files: readonly ContextFile[];
  /** Of the image, and so of all that is built on it. */
  readonly environment: Readonly<Record<string, string>>;
  /** The URIs of Debian's archives. */
  readonly mirrors: Mirrors;
}

interface Mirrors {
  readonly main: string;
  readonly security: string;
}

/** This machine's certificates, proxies, Debian mirrors and pip settings. */
export async function readPlace(): Promise<Place> {
  const [certificates, mirrors] = await Promise.all([extraCertificates(), debianMirrors()]);
  const proxies = proxySettings(process.env);
  const environment = { ...proxies, ...(certificates.length > 0 ? trustEnvironment() : {}) };
  const files = [
    { path: "place/mirrors", content: mirrors === undefined ? "" : `${mirrors.main} ${mirrors.security}\n` },
    { path: "place/root/etc/apt/apt.conf.d/90dynoform-proxy", content: await aptProxies(proxies) },
    { path: "place/root/etc/dpkg/dpkg.cfg.d/dynoform", content: `${DPKG_SETTINGS.join("\n")}\n` },
    { path: "place/root/etc/pip.conf", content: await pipSettings(certificates.length > 0) },
    ...certificates.map((content) => ({
      path: `place/root${LOCAL_CERTIFICATES}/${fingerprint(content)}.crt`,
      content,
    })),
  ];
  return { files, environment, mirrors: mirrors ?? DEFAULT_MIRRORS };
}

const DEFAULT_MIRRORS = { main: "http://deb.debian.org/debian", security: "http://deb.debian.org/debian-security" };

/** An image needs no manuals, and if a build is cut off it is made again. */
export const DPKG_SETTINGS = [
  "force-unsafe-io",
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/doc/*",
  "path-include=/usr/share/doc/*/copyright",
  "path-exclude=/usr/share/locale/*",
];

function trustEnvironment(): Record<string, string> {
  // Libraries with certificates of their own (requests, Node) are told of the machine's.
  const names = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS"];
  return Object.fromEntries(names.map((name) => [name, IMAGE_BUNDLE]));
}

/** Certificates this machine trusts and Mozilla's list has not, as PEM. */
async function extraCertificates(): Promise<string[]> {
  const bundle = process.env.SSL_CERT_FILE ?? BUNDLES.find((file) => existsSync(file));
  const local = await readdir(LOCAL_CERTIFICATES).catch(() => []);
  const sources = [bundle, process.env.NODE_EXTRA_CA_CERTS, ...local.map((name) => join(LOCAL_CERTIFICATES, name))];
  const known = new Set(rootCertificates.map(fingerprint));
  const extra = new Map<string, string>();
  for (const source of sources) {
    if (source === undefined) continue;
    const text = await readFile(source, "utf8").catch(() => "");
    for (const [pem] of text.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)) {
      const print = fingerprint(pem);
      if (!known.has(print)) extra.set(print, `${pem}\n`);
    }
  }
  return [...extra].sort().map(([, pem]) => pem);
}

function fingerprint(pem: string): string {
  return createHash("sha256").update(new X509Certificate(pem).raw).digest("hex").slice(0, 16);
}

/** The proxies a container can reach too: not those on the machine's own loopback. */
export function proxySettings(environment: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ["http_proxy", "https_proxy", "no_proxy"]) {
    const value = environment[name] ?? environment[name.toUpperCase()];
    if (!value || /\/\/([^@/]*@)?(localhost|127\.|\[::1\])/.test(value)) continue;
    found[name] = value;
    found[name.toUpperCase()] = value;
  }
  return found;
}

async function aptProxies(proxies: Readonly<Record<string, string>>): Promise<string> {
  const lines = ["http", "https"].flatMap((scheme) => {
    const proxy = proxies[`${scheme}_proxy`];
    return proxy === undefined ? [] : [`Acquire::${scheme}::Proxy ${JSON.stringify(proxy)};`];
  });
  const { stdout } = await execute("apt-config", ["dump", "Acquire"]).catch(() => ({ stdout: "" }));
  // What apt itself is told stands last and wins. `DIRECT` and loopback proxies make no sense in a container.
  const own = stdout.split("\n").filter((line) => /^Acquire::https?::Proxy(::\S+)? "\S/.test(line));
  return [...lines, ...own.filter((line) => !/localhost|127\.0\.0\.1/.test(line)), ""].join("\n");
}

/** Where this machine's own apt gets Debian from; undefined where it is no Debian. */
async function debianMirrors(): Promise<Mirrors | undefined> {
  const { stdout } = await execute("apt-get", ["indextargets", "--format", "$(REPO_URI)"]).catch(() => ({
    stdout: "",
  }));
  const uris = [...new Set(stdout.split("\n"))]
    .map((uri) => uri.replace(/\/$/, ""))
    .filter((uri) => /^https?:/.test(uri));
  const main = uris.find((uri) => uri.endsWith("/debian"));
  if (main === undefined) return undefined;
  return { main, security: uris.find((uri) => uri.endsWith("/debian-security")) ?? DEFAULT_MIRRORS.security };
}

/** The machine's settings of pip that concern where packages come from. */
async function pipSettings(ownCertificates: boolean): Promise<string> {
  const text = await readFile("/etc/pip.conf", "utf8").catch(() => "");
  const lines = ["[global]"];
  for (const key of ["index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout"]) {
    const variable = `PIP_${key.toUpperCase().replaceAll("-", "_")}`;
    const value = process.env[variable] ?? text.match(new RegExp(`^${key}\\s*[=:]\\s*(.+)$`, "m"))?.[1];
    if (value) lines.push(`${key} = ${value}`);
  }
  if (ownCertificates) lines.push(`cert = ${IMAGE_BUNDLE}`);
  return lines.length === 1 ? "" : `${lines.join("\n")}\n`;
}

/** The lines of a sources.list for a release of Debian. */
export function debianSources(codename: string, mirrors: Mirrors): string[] {
  const { main, security } = mirrors;
  return [
    `deb ${main} ${codename} main`,
    `deb ${main} ${codename}-updates main`,
    `deb ${security} ${codename}-security main`,
  ];
}
