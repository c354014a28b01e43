import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { UserError } from "../../../lib/errors.ts";

/** Nothing of the machine's own settings goes into our certificates. */
const SETTINGS = `[req]
distinguished_name = name
prompt = no
[name]
`;

/** P-256: what everything that speaks TLS knows. */
const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export interface CertificateRequest {
  /** The common name: our own words, never somebody's. */
  readonly name: string;
  readonly days: number;
  /** X.509v3 extensions as `openssl req -addext` takes them. */
  readonly extensions: readonly string[];
  /** Where the new key and certificate are written, PEM. */
  readonly key: string;
  readonly certificate: string;
  /** A file that is made for OpenSSL to read. */
  readonly settings: string;
  /** Who signs; without one it signs itself. */
  readonly issuer?: { readonly key: string; readonly certificate: string };
}

/**
 * Makes a key and a certificate with OpenSSL's command, which the control plane's image has: a certificate is nothing to
 * put together ourselves, and npm's libraries for it bring a dozen packages that nothing else here needs.
 */
export async function makeCertificate(request: CertificateRequest): Promise<void> {
  const { name, days, extensions, key, certificate, settings, issuer } = request;
  await writeFile(settings, SETTINGS);
  await openssl([
    ...["req", "-x509", "-config", settings, "-utf8", "-sha256", "-days", String(days), "-subj", `/CN=${name}`],
    ...KEY,
    ...["-keyout", key, "-out", certificate],
    ...extensions.flatMap((extension) => ["-addext", extension]),
    ...(issuer === undefined ? [] : ["-CA", issuer.certificate, "-CAkey", issuer.key]),
  ]);
}

async function openssl(args: readonly string[]): Promise<void> {
  const child = spawn("openssl", args, {
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let problem = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    problem += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? new UserError("there is no openssl on this machine; git push needs it") : error;
  });
  if (code !== 0) throw new Error(`openssl ${args[0]} failed: ${problem.trim()}`);
}
