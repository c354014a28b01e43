import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificate } from "../../services/control-plane/tls/openssl.ts";

/** A certificate that signs itself, and its key; both PEM. @param names host names, or wildcards */
export async function certificateFor(
  names: readonly string[],
  { days = 30 }: { readonly days?: number } = {},
): Promise<{ readonly chain: string; readonly key: string }> {
  const folder = await mkdtemp(join(tmpdir(), "certificate-"));
  try {
    const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
    const alternatives = names.map((name) => `DNS:${name}`).join(",");
    await makeCertificate({
      name: "dynoform test",
      days,
      extensions: ["basicConstraints=critical,CA:FALSE", `subjectAltName=${alternatives}`],
      key,
      certificate,
      settings: join(folder, "settings"),
    });
    return { chain: await readFile(certificate, "utf8"), key: await readFile(key, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}
