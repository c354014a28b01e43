import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../../services/control-plane/tls/openssl.ts";

/** What a server of TLS needs, PEM. */
export interface Pair {
  readonly chain: string;
  readonly key: string;
}

/**
 * A certificate and its key.
 *
 * @param names host names, or wildcards
 * @param issuer who signs it, an authority's pair, whose certificate stands in the chain then; by default it signs itself
 */
export async function certificateFor(
  names: readonly string[],
  { days = 30, issuer, authority = false }: { days?: number; issuer?: Pair; authority?: boolean } = {},
): Promise<Pair> {
  return inFolder(async (folder) => {
    const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
    const signer = { key: join(folder, "issuer.key"), certificate: join(folder, "issuer") };
    if (issuer !== undefined) {
      await writeFile(signer.key, issuer.key);
      await writeFile(signer.certificate, issuer.chain);
    }
    const alternatives = names.map((name) => `DNS:${name}`).join(",");
    await makeCertificate({
      name: `dynoform test ${names[0] ?? ""}`,
      days,
      extensions: [
        `basicConstraints=critical,CA:${authority ? "TRUE" : "FALSE"}`,
        ...(names.length > 0 ? [`subjectAltName=${alternatives}`] : []),
      ],
      key,
      certificate,
      settings: join(folder, "settings"),
      ...(issuer !== undefined && { issuer: signer }),
    });
    const own = await readFile(certificate, "utf8");
    return { chain: `${own}${issuer?.chain ?? ""}`, key: await readFile(key, "utf8") };
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "certificate-"));
  return work(folder).finally(() => rm(folder, { recursive: true }));
}
