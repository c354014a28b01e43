import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../../../lib/errors.ts";
import type { Clock } from "../types.ts";
import { type CertificateRequest, makeCertificate } from "./openssl.ts";

const DAY_MS = 86_400_000;

/** Days that each is good for, and how many are left when a new one is made. */
const AUTHORITY = { days: 3650, renew: 400 };
const SERVER = { days: 365, renew: 60 };

/** What a server of TLS needs, PEM. */
interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** An authority of this platform's own and the one certificate that it signs. */
interface Trust {
  /** What their files' names begin with. */
  readonly files: { readonly authority: string; readonly server: string };
  readonly authority: string;
  /** What the authority can vouch for and nothing else, as OpenSSL's `nameConstraints` has it. */
  readonly constraints: string;
  readonly server: string;
  /** As OpenSSL's `subjectAltName` has them. */
  readonly names: string;
}

/** Vouches for this machine's own two names, so whoever trusts it gives nothing away. */
const MACHINE: Trust = {
  files: { authority: "ca", server: "server" },
  authority: "Dynoform on this machine",
  constraints: "permitted;DNS:localhost,permitted;IP:127.0.0.1/255.255.255.255",
  server: "localhost",
  names: "IP:127.0.0.1,DNS:localhost",
};

/**
 * Vouches for the hosts that the official command line asks besides the API. Only the process of that command trusts it,
 * and only through our own port, so that nothing that is meant for those hosts leaves the machine.
 */
const COMMAND_LINE: Trust = {
  files: { authority: "heroku-ca", server: "heroku" },
  authority: "Dynoform for the heroku command",
  constraints: [
    ...["DNS:heroku.com", "DNS:herokai.com", "DNS:api.github.com"].map((name) => `permitted;${name}`),
    // Addresses are another kind of name, which is free where nothing is said of it.
    "excluded;IP:0.0.0.0/0.0.0.0",
    "excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0",
  ].join(","),
  server: "heroku.com",
  names: ["heroku.com", "*.heroku.com", "*.data.heroku.com", "*.metrics.heroku.com"]
    .concat(["herokai.com", "*.herokai.com", "*.metrics.herokai.com", "api.github.com"])
    .map((name) => `DNS:${name}`)
    .join(","),
};

/** Where the authority's certificate lies, which clients are told to trust. @param folder `<directory>/control/tls` */
export function authorityFile(folder: string): string {
  return join(folder, `${MACHINE.files.authority}.pem`);
}

/** The same of the authority that only the official command line is told to trust. */
export function commandLineAuthorityFile(folder: string): string {
  return join(folder, `${COMMAND_LINE.files.authority}.pem`);
}

/** The certificates of the API's port. */
export interface Certificates {
  /** For 127.0.0.1 and localhost. */
  readonly machine: ServerCertificate;
  /** For the hosts that the official command line asks besides, served to who comes through the port as its proxy. */
  readonly commandLine: ServerCertificate;
}

/**
 * The certificates, each signed by an authority of this platform's own. All are made when they are not there and again
 * before they end.
 *
 * @param folder `<directory>/control/tls`
 */
export async function ensureCertificates(folder: string, clock: Clock = Date.now): Promise<Certificates> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  return {
    machine: await ensure(folder, MACHINE, clock),
    commandLine: await ensure(folder, COMMAND_LINE, clock),
  };
}

async function ensure(folder: string, trust: Trust, clock: Clock): Promise<ServerCertificate> {
  const authority = filesOf(folder, trust.files.authority);
  const server = filesOf(folder, trust.files.server);
  let issuer = await read(authority);
  if (issuer === undefined || !isGood(issuer, clock() + AUTHORITY.renew * DAY_MS)) {
    await make(folder, authority, {
      name: trust.authority,
      days: AUTHORITY.days,
      extensions: [
        "basicConstraints=critical,CA:TRUE,pathlen:0",
        "keyUsage=critical,keyCertSign,cRLSign",
        "subjectKeyIdentifier=hash",
        `nameConstraints=critical,${trust.constraints}`,
      ],
    });
    issuer = await read(authority);
  }
  const present = await read(server);
  if (present !== undefined && issuer !== undefined && isGood(present, clock() + SERVER.renew * DAY_MS, issuer)) {
    return present;
  }
  await make(folder, server, serverRequest(trust, authority));
  const made = await read(server);
  if (made === undefined) throw new Error(`no certificate was made in ${folder}`);
  return made;
}

function serverRequest({ server, names }: Pick<Trust, "server" | "names">, issuer: Files): Omit<Request, keyof Files> {
  return {
    name: server,
    days: SERVER.days,
    extensions: [
      "basicConstraints=critical,CA:FALSE",
      "keyUsage=critical,digitalSignature",
      "extendedKeyUsage=serverAuth",
      `subjectAltName=${names}`,
      "subjectKeyIdentifier=hash",
      "authorityKeyIdentifier=keyid",
    ],
    issuer,
  };
}

/** The certificate of this machine's own authority, PEM. @param folder `<directory>/control/tls`, with all in it */
export function authority(folder: string): Promise<string> {
  return readFile(authorityFile(folder), "utf8");
}

/** The same of the authority that only the official command line is told to trust. */
export function commandLineAuthority(folder: string): Promise<string> {
  return readFile(commandLineAuthorityFile(folder), "utf8");
}

/**
 * Makes a certificate that this machine's own authority signs; whoever asked for it keeps it.
 *
 * @param folder `<directory>/control/tls`, with all in it
 * @param host a name below `localhost`, which is all that the authority can vouch for
 */
export async function certificateOf(folder: string, host: string): Promise<ServerCertificate> {
  const unfinished = await mkdtemp(join(folder, ".host-"));
  try {
    const files = { key: join(unfinished, "key"), certificate: join(unfinished, "certificate") };
    const issuer = filesOf(folder, MACHINE.files.authority);
    const settings = join(unfinished, "settings");
    await makeCertificate({
      ...serverRequest({ server: MACHINE.server, names: `DNS:${host}` }, issuer),
      ...files,
      settings,
    });
    return { key: await readFile(files.key, "utf8"), cert: await readFile(files.certificate, "utf8") };
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Whether a certificate was signed by an authority and does not end soon. @param now milliseconds since 1970 */
export function isServed(certificate: string, authority: string, now: number): boolean {
  try {
    const { publicKey } = new X509Certificate(authority);
    const read = new X509Certificate(certificate);
    return read.verify(publicKey) && read.validToDate.getTime() >= now + SERVER.renew * DAY_MS;
  } catch {
    return false;
  }
}

interface Files {
  readonly key: string;
  readonly certificate: string;
}

function filesOf(folder: string, name: string): Files {
  return { key: join(folder, `${name}.key`), certificate: join(folder, `${name}.pem`) };
}

type Request = Omit<CertificateRequest, "settings">;

/** Makes both beside their places, so that nobody sees half of a file. */
async function make(folder: string, files: Files, request: Omit<Request, keyof Files>): Promise<void> {
  const unfinished = await mkdtemp(join(folder, ".new-"));
  try {
    const made = { key: join(unfinished, "key"), certificate: join(unfinished, "certificate") };
    const settings = join(unfinished, "settings");
    await makeCertificate({ ...request, ...made, settings });
    await chmod(made.key, 0o600);
    await chmod(made.certificate, 0o644);
    // A key without its certificate is seen as such, and both are made anew.
    await rename(made.key, files.key);
    await rename(made.certificate, files.certificate);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function read({ key, certificate }: Files): Promise<ServerCertificate | undefined> {
  try {
    return { key: await readFile(key, "utf8"), cert: await readFile(certificate, "utf8") };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether a certificate belongs to its key and its issuer and is good until then, in milliseconds since 1970. */
function isGood({ key, cert }: ServerCertificate, until: number, issuer?: ServerCertificate): boolean {
  try {
    const certificate = new X509Certificate(cert);
    if (!certificate.checkPrivateKey(createPrivateKey(key)) || certificate.validToDate.getTime() < until) return false;
    if (issuer === undefined) return true;
    const { publicKey } = new X509Certificate(issuer.cert);
    return certificate.verify(publicKey);
  } catch {
    return false;
  }
}
