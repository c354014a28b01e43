import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Characters of a chain and a key: the router holds all of them in one memory. */
const LONGEST = 32_768;

/** The extension by which a certificate asks for stapled answers of OCSP (RFC 7633, 1.3.6.1.5.5.7.1.24), as DER. */
const MUST_STAPLE = Buffer.from("06082b06010505070118", "hex");

/** Bits of an RSA key that clients of today still take. */
const LEAST_RSA = 2048;

/** A chain as it is served, the server's own certificate first; undefined: it is none. @param chain PEM */
export function readChain(chain: string): readonly X509Certificate[] | undefined {
  try {
    const found = (chain.match(BLOCK) ?? []).map((block) => new X509Certificate(block));
    return found.length > 0 ? found : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What is wrong with a certificate and its key, apart from the time: who renews what ended yesterday is not kept from it.
 * Says nothing of the key itself.
 *
 * @param chain PEM, with the certificates that signed it
 * @param key PEM
 * @returns how a sentence goes on; undefined: nothing
 */
export function chainProblem(chain: string, key: string): string | undefined {
  if (chain.length > LONGEST || key.length > LONGEST) {
    return `is longer than ${LONGEST / 1024} KB; give the host's own certificate and those that signed it, and no more`;
  }
  const certificates = readChain(chain);
  const [own, ...others] = certificates ?? [];
  if (own === undefined)
    return "holds no certificate that can be read; give PEM, -----BEGIN CERTIFICATE----- and so on";
  const read = readKey(key);
  if (typeof read === "string") return read;
  if (!own.checkPrivateKey(read)) {
    return others.some((other) => other.checkPrivateKey(read))
      ? "does not begin with the certificate that its key belongs to; put that first and those that signed it after it"
      : "does not belong to its key; give the key that the certificate was asked for with";
  }
  const { modulusLength } = read.asymmetricKeyDetails ?? {};
  if (read.asymmetricKeyType === "rsa" && (modulusLength ?? 0) < LEAST_RSA) {
    return `has an RSA key of ${modulusLength} bits, which no client takes; use ${LEAST_RSA} bits or more`;
  }
  if (own.raw.includes(MUST_STAPLE)) {
    return "demands stapled OCSP answers (must-staple), which the router does not give; have it signed without";
  }
  if (namesOf(own).length === 0) return "names no host; it needs the host names as subject alternative names";
  const [at] = [own, ...others].entries().find(([n, each]) => n > 0 && !isSigned([own, ...others][n - 1], each)) ?? [];
  if (at === undefined) return undefined;
  return `has certificates in a wrong order: number ${at + 1} did not sign number ${at}; put the host's own first, then each after what it signed`;
}

function isSigned(certificate: X509Certificate | undefined, issuer: X509Certificate): boolean {
  return certificate?.checkIssued(issuer) === true && certificate.verify(issuer.publicKey);
}

function readKey(key: string): KeyObject | string {
  if (/ENCRYPTED/.test(key)) {
    return "has a key that is encrypted; take the passphrase away: openssl pkey -in KEY -out PLAIN";
  }
  try {
    return createPrivateKey(key);
  } catch {
    return "has a key that cannot be read; give PEM, -----BEGIN PRIVATE KEY----- and so on";
  }
}

/** The host names that a certificate is for; wildcards as `*.shop.example`. */
export function namesOf(certificate: X509Certificate): string[] {
  return [...(certificate.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^",]+)/g)].map(([, name = ""]) =>
    name.toLowerCase(),
  );
}

/** Whether one of the names of a certificate is that of a host, or the wildcard one label above it. */
export function covers(names: readonly string[], host: string): boolean {
  return names.includes(host) || names.includes(host.replace(/^[^.]+/, "*"));
}

/** Why a certificate serves nobody at a time, as a sentence goes on. @param now milliseconds since 1970 */
export function timeProblem({ validFromDate, validToDate }: X509Certificate, now: number): string | undefined {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  if (validToDate.getTime() <= now) return `ended on ${day(validToDate)}; give one that is good still`;
  if (validFromDate.getTime() > now) return `is not good before ${day(validFromDate)}`;
  return undefined;
}
