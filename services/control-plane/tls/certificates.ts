import { createPrivateKey, X509Certificate } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../../errors.ts";
import type { Clock } from "../types.ts";
import { makeCertificate } from "./openssl.ts";

const DAY = 86_400_000;

/** Days that each is good for, and how many are left when a new one is made. */
const AUTHORITY = { days: 3650, renew: 400 };
const SERVER = { days: 365, renew: 60 };

/** What a server of TLS needs, PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** Where the authority's certificate lies, which clients are told to trust. @param folder `<directory>/control/tls` */
export function authorityFile(folder: string): string {
  return join(folder, "ca.pem");
}

/**
 * The certificate for 127.0.0.1 and localhost, signed by an authority of this platform's own. Both are made when they
 * are not there and again before they end. The authority can vouch for this machine's own two names and nothing
 * else, so whoever trusts it gives nothing away.
 *
 * @param folder `<directory>/control/tls`
 */
export async function ensureCertificate(folder: string, clock: Clock = Date.now): Promise<ServerCertificate> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const authority = { key: join(folder, "ca.key"), certificate: authorityFile(folder) };
  const server = { key: join(folder, "server.key"), certificate: join(folder, "server.pem") };
  let issuer = await read(authority);
  if (issuer === undefined || !isGood(issuer, clock() + AUTHORITY.renew * DAY)) {
    await make(folder, authority, {
      name: "Dynoform on this machine",
      days: AUTHORITY.days,
      extensions: [
        "basicConstraints=critical,CA:TRUE,pathlen:0",
        "keyUsage=critical,keyCertSign,cRLSign",
        "subjectKeyIdentifier=hash",
        "nameConstraints=critical,permitted;DNS:localhost,permitted;IP:127.0.0.1/255.255.255.255",
      ],
    });
    issuer = await read(authority);
  }
  const present = await read(server);
  if (present !== undefined && issuer !== undefined && isGood(present, clock() + SERVER.renew * DAY, issuer)) {
    return present;
  }
  await make(folder, server, {
    name: "localhost",
    days: SERVER.days,
    extensions: [
      "basicConstraints=critical,CA:FALSE",
      "keyUsage=critical,digitalSignature",
      "extendedKeyUsage=serverAuth",
      "subjectAltName=IP:127.0.0.1,DNS:localhost",
      "subjectKeyIdentifier=hash",
      "authorityKeyIdentifier=keyid",
    ],
    issuer: authority,
  });
  const made = await read(server);
  if (made === undefined) throw new Error(`no certificate was made in ${folder}`);
  return made;
}

interface Files {
  readonly key: string;
  readonly certificate: string;
}

/** Makes both beside their places, so that nobody sees half of a file. */
async function make(
  folder: string,
  files: Files,
  request: Omit<Parameters<typeof makeCertificate>[0], keyof Files | "settings">,
): Promise<void> {
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
