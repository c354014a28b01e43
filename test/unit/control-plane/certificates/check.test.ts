import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { check } from "../../../../services/control-plane/certificates/check.ts";
import type { CaaRecord, Dns } from "../../../../services/control-plane/certificates/dns.ts";
import type { WantedName } from "../../../../services/control-plane/certificates/names.ts";

const FILE = { path: "/.well-known/acme-challenge/own", content: "it is us" };
let answer: { status: number; body?: string; location?: string } = { status: 404 };
let port = 0;
const server = createServer((request, response) => {
  const { status, body = "", location } = answer;
  // Where it leads to, it is served.
  if (request.url !== FILE.path) response.end(FILE.content);
  else response.writeHead(status, location === undefined ? {} : { location }).end(body);
});
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
after(() => server.close());

interface Records {
  readonly [host: string]: { readonly a?: string[]; readonly aaaa?: string[]; readonly caa?: CaaRecord[] };
}

function dns(records: Records, trouble?: string): Dns {
  const ask =
    (kind: "a" | "aaaa" | "caa") =>
    async (host: string): Promise<never> => {
      const found = records[host]?.[kind];
      if (trouble !== undefined && host.startsWith("www.")) throw Object.assign(new Error(), { code: trouble });
      if (found === undefined) throw Object.assign(new Error(), { code: records[host] ? "ENODATA" : "ENOTFOUND" });
      return found as never;
    };
  return { a: ask("a"), aaaa: ask("aaaa"), caa: ask("caa") };
}

const OWN = { "dashboard.apps.test": { a: ["127.0.0.1"] } };
const WWW: WantedName = { host: "www.shop.test", app: "shop", by: "http", target: "shop.apps.test" };

async function problem(
  records: Records,
  { name = WWW, trouble, provider = true }: { name?: WantedName; trouble?: string; provider?: boolean } = {},
): Promise<string | undefined> {
  const options = {
    dns: dns({ ...OWN, ...records }, trouble),
    own: "dashboard.apps.test",
    isPublic: () => false,
    file: { ...FILE, port },
    provider,
  };
  return (await check(name, ["letsencrypt.org"], options)).problem;
}

const own = () => {
  answer = { status: 200, body: `${FILE.content}\n` };
};
const other = () => {
  answer = { status: 404, body: "no such page" };
};

test("a name that leads here is good, by redirections too", async () => {
  own();
  assert.equal(await problem({ "www.shop.test": { a: ["127.0.0.1"] } }), undefined);
  answer = { status: 301, location: "/elsewhere" };
  assert.equal(await problem({ "www.shop.test": { a: ["127.0.0.1"] } }), undefined);
  answer = { status: 301, location: `http://10.1.2.3:${port}/` };
  assert.match(
    (await problem({ "www.shop.test": { a: ["127.0.0.1"] } })) ?? "",
    /somebody else answers port 80 \(with 301\)/,
  );
});

test("a name that leads elsewhere has a reason that names the record", async () => {
  other();
  const cases: [Records, string][] = [
    [{}, "www.shop.test has no A and no AAAA record; point it to shop.apps.test"],
    [{ "www.shop.test": { a: ["10.1.2.3"] } }, "www.shop.test has the address 10.1.2.3, this platform has 127.0.0.1"],
    [
      { "www.shop.test": { a: ["10.1.2.3"] }, "dashboard.apps.test": {} },
      "www.shop.test has the address 10.1.2.3, where this platform does not answer",
    ],
    [
      { "www.shop.test": { a: ["127.0.0.1"] } },
      "www.shop.test leads to this platform's address 127.0.0.1, where somebody else answers port 80 (with 404)",
    ],
  ];
  for (const [records, reason] of cases) assert.equal(await problem(records), reason);
  own();
  assert.equal(
    await problem({ "www.shop.test": { a: ["127.0.0.1"], aaaa: ["fd00::9"] } }),
    "www.shop.test has the address fd00::9, this platform has 127.0.0.1",
    "an AAAA record that was forgotten",
  );
});

test("DNS that is in trouble is told from a name that is not there", async () => {
  assert.equal(
    await problem({}, { trouble: "ESERVFAIL" }),
    "the DNS servers of www.shop.test answer with an error (ESERVFAIL)",
  );
  assert.equal(await problem({}, { trouble: "ETIMEOUT" }), "the DNS servers of www.shop.test do not answer");
});

test("CAA records are those nearest to the name, and of wildcards their own", async () => {
  own();
  const at = { "www.shop.test": { a: ["127.0.0.1"] } };
  const caa = (host: string, ...records: CaaRecord[]): Records => ({
    ...at,
    [host]: { ...at["www.shop.test"], caa: records },
  });
  assert.equal(await problem(caa("shop.test", { issue: "letsencrypt.org; accounturi=x" })), undefined);
  assert.equal(await problem(caa("shop.test", { issue: "digicert.com" }, { issue: "letsencrypt.org" })), undefined);
  assert.equal(
    await problem(caa("shop.test", { issue: "digicert.com" })),
    'the CAA record of shop.test allows only digicert.com; add one: 0 issue "letsencrypt.org"',
  );
  assert.equal(
    await problem(caa("test", { issue: ";" })),
    'the CAA record of test allows nobody; add one: 0 issue "letsencrypt.org"',
  );
  const name: WantedName = { ...WWW, host: "*.shop.test", by: "dns" };
  const wild = caa("shop.test", { issue: "letsencrypt.org" }, { issuewild: "digicert.com" });
  assert.equal(
    await problem(wild, { name }),
    'the CAA record of shop.test allows only digicert.com; add one: 0 issuewild "letsencrypt.org"',
  );
  assert.equal(await problem(wild), undefined);
});

test("a wildcard needs a DNS provider", async () => {
  const name: WantedName = { ...WWW, host: "*.shop.test", by: "dns" };
  assert.match((await problem({}, { name, provider: false })) ?? "", /^\*\.shop\.test can be proven by DNS alone; set/);
  assert.equal(await problem({}, { name }), undefined);
});
