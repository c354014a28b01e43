import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { chainProblem, covers, namesOf, readChain, timeProblem } from "../../../model/app/certificate-chain.ts";
import { certificateFor } from "../../support/certificate.ts";

const DAY = 86_400_000;

test("what is wrong with a certificate and its key is one line, which shows nothing of the key", async () => {
  const authority = await certificateFor(["ca.test"], { authority: true });
  const { chain, key } = await certificateFor(["www.shop.test", "*.shop.test"], { issuer: authority });
  const other = await certificateFor(["other.test"]);
  const [own = "", signer = ""] = chain.split(/(?<=-----END CERTIFICATE-----\n)/);
  const encrypted = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "secret" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  }).privateKey;
  for (const [name, wrongChain, wrongKey, problem] of [
    ["nothing wrong", chain, key, undefined],
    ["the host's own alone", own, key, undefined],
    ["signed by itself", other.chain, other.key, undefined],
    ["too much", `${chain}${"\n".repeat(40_000)}`, key, /^is longer than 32 KB/],
    ["no certificate", "x", key, /^holds no certificate that can be read/],
    ["a broken certificate", own.replace(/[A-Z]{3}/g, "AAA"), key, /^(holds no certificate|does not belong)/],
    ["another's key", chain, other.key, /^does not belong to its key/],
    ["the issuer's first", `${signer}${own}`, key, /^does not begin with the certificate that its key belongs to/],
    [
      "what signed something else",
      `${own}${other.chain}`,
      key,
      /^has certificates in a wrong order: number 2 did not sign number 1/,
    ],
    ["no key", chain, "x", /^has a key that cannot be read/],
    ["an encrypted key", chain, encrypted, /^has a key that is encrypted/],
  ] as const) {
    const found = chainProblem(wrongChain, wrongKey);
    if (problem === undefined) assert.equal(found, undefined, name);
    else assert.match(found ?? "", problem, name);
    assert.doesNotMatch(found ?? "", /[A-Za-z0-9+/]{20}/, name);
  }
  const nameless = await certificateFor([]);
  assert.match(chainProblem(nameless.chain, nameless.key) ?? "", /^names no host/);
});

test("an RSA key that no client takes is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "certificate-"));
  try {
    const [key, chain] = [join(folder, "key"), join(folder, "chain")];
    const request = ["req", "-x509", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=x", "-days", "1"];
    const names = ["-addext", "subjectAltName=DNS:a.test"];
    await promisify(execFile)("openssl", [...request, ...names, "-keyout", key, "-out", chain]);
    const problem = chainProblem(await readFile(chain, "utf8"), await readFile(key, "utf8"));
    assert.match(problem ?? "", /^has an RSA key of 1024 bits, which no client takes/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("names are those of the host's own certificate, wildcards for one label", async () => {
  const { chain } = await certificateFor(["WWW.shop.test", "*.shop.test"]);
  const [own] = readChain(chain) ?? [];
  const names = namesOf(own ?? assert.fail());
  assert.deepEqual(names, ["www.shop.test", "*.shop.test"]);
  assert.deepEqual(
    ["www.shop.test", "a.shop.test", "a.b.shop.test", "shop.test", "xshop.test"].filter((host) => covers(names, host)),
    ["www.shop.test", "a.shop.test"],
  );
});

test("a certificate has its time", async () => {
  const own = new X509Certificate((await certificateFor(["a.test"], { days: 3 })).chain);
  assert.equal(timeProblem(own, Date.now() + DAY), undefined);
  assert.match(timeProblem(own, Date.now() + 4 * DAY) ?? "", /^ended on \d{4}-\d\d-\d\d/);
  assert.match(timeProblem(own, Date.now() - DAY) ?? "", /^is not good before \d{4}/);
});
