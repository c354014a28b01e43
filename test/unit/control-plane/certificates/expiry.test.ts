import assert from "node:assert/strict";
import { test } from "node:test";
import { expiries, warnOfEnds } from "../../../../services/control-plane/certificates/expiry.ts";
import { NameStore } from "../../../../services/control-plane/certificates/store.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import { certificateFor } from "../../../support/certificate.ts";

const DAY = 86_400_000;

test("an app's log is told once a day of an end that would not be met", async () => {
  const lines: string[] = [];
  const { chain } = await certificateFor(["www.shop.test"]);
  const certificates = [
    { name: "acme.www.shop.test", hosts: ["www.shop.test"], chain },
    { name: "acme.good.shop.test", hosts: ["good.shop.test"], chain },
    { name: "app.shop.one", hosts: ["own.shop.test"], chain },
    { name: "local.shop.localhost", hosts: ["shop.localhost"], chain },
  ];
  const [end] = expiries(certificates);
  const until = end?.until ?? 0;
  const at = { now: until - 20 * DAY };
  const options = {
    router: { list: async () => certificates },
    apps: {
      list: async () => [
        { name: "shop", hosts: ["www.shop.test", "good.shop.test", "own.shop.test", "shop.localhost"] },
      ],
    },
    reason: (host: string) => (host === "www.shop.test" ? "www.shop.test has no A record" : null),
    log: {
      write: (app: string, { process, text }: { process: string; text: string }) =>
        void lines.push(`${app} ${process} ${text}`),
    },
    store: new NameStore(openStore(":memory:")),
    clock: () => at.now,
  };
  await warnOfEnds(options);
  assert.deepEqual(lines, []);
  at.now = until - 5 * DAY;
  await warnOfEnds(options);
  await warnOfEnds(options);
  const day = new Date(until).toISOString().slice(0, 10);
  const said = [
    `shop acm The certificate of www.shop.test ends on ${day} and could not be renewed: www.shop.test has no A record`,
    `shop acm The certificate of own.shop.test ends on ${day} and is one of your own; heroku certs:update gives another`,
  ];
  assert.deepEqual(lines, said);
  at.now += DAY;
  await warnOfEnds(options);
  assert.equal(lines.length, 4);
  at.now = until + DAY;
  await warnOfEnds(options);
  assert.match(lines[4] ?? "", /www\.shop\.test ended on/);
});
