import assert from "node:assert/strict";
import { test } from "node:test";
import { App, type AppArgs } from "../../../infra/app/app.ts";
import { readStackFile } from "../../../infra/stack/stack-file.ts";
import { UserError } from "../../../lib/errors.ts";
import { certificateFor } from "../../support/certificate.ts";
import { KEY, platform } from "./fixtures.ts";
import { record } from "./recording.ts";

const [www, wild, other] = await Promise.all([
  certificateFor(["www.shop.test"]),
  certificateFor(["*.shop.test"]),
  certificateFor(["other.test"]),
]);
const hosts = ["www.shop.test", "a.shop.test"];

const app = (args: Partial<AppArgs>) => record(() => new App("shop", { platform, key: KEY, hosts, ...args }));

test("an app's certificates go to the router, each for the hosts that it names; their keys are secret", async () => {
  const recording = await app({
    id: "shop-id",
    certificates: {
      www: { chain: www.chain },
      wild: { chain: wild.chain, hosts: ["a.shop.test"] },
      idle: { chain: other.chain },
    },
    certificateKeys: { www: www.key, wild: wild.key, idle: other.key },
  });
  const made = recording.resources.filter(({ type }) => type === "dyno:index:Certificate");
  assert.deepEqual(
    made.map(({ name, inputs }) => [name, inputs]),
    [
      [
        "shop-certificate-wild",
        {
          platform: platform.name,
          socket: platform.socket,
          name: "app.shop-id.wild",
          hosts: ["a.shop.test"],
          chain: wild.chain,
          key: { secret: wild.key },
        },
      ],
      [
        "shop-certificate-www",
        {
          platform: platform.name,
          socket: platform.socket,
          name: "app.shop-id.www",
          hosts: ["www.shop.test"],
          chain: www.chain,
          key: { secret: www.key },
        },
      ],
    ],
  );
});

test("a stack file's certificates and keys belong together, and what does not is one line", () => {
  const problems = (certificates: unknown, keys?: unknown): readonly string[] => {
    try {
      readStackFile(
        {
          "dynoform:app": JSON.stringify({ hosts, certificates }),
          ...(keys !== undefined && { "dynoform:certificates": JSON.stringify(keys) }),
        },
        "shop",
      );
    } catch (error) {
      if (error instanceof UserError) return error.problems;
      throw error;
    }
    return [];
  };
  const at = "dynoform:app.certificates.www";
  assert.deepEqual(problems({ www: { chain: www.chain } }, { www: www.key }), []);
  assert.deepEqual(problems({ www: { chain: www.chain } }), [
    `${at}: has no key; set dynoform:certificates.www to it, in PEM, as a secret`,
  ]);
  assert.deepEqual(problems({}, { www: www.key }), [
    `dynoform:certificates.www: is the key of no certificate; declare ${at}, or remove it`,
  ]);
  assert.deepEqual(problems({ www: { chain: www.chain } }, { www: other.key }), [
    `${at}: does not belong to its key; give the key that the certificate was asked for with`,
  ]);
  assert.deepEqual(problems({ www: { chain: www.chain, hosts: ["b.shop.test", "a.shop.test"] } }, { www: www.key }), [
    `${at}: is for b.shop.test, which is none of the app's hosts; add it to them, or remove it here`,
    `${at}: is for www.shop.test, and so cannot serve a.shop.test`,
  ]);
  assert.deepEqual(
    problems({ www: { chain: www.chain }, wild: { chain: wild.chain } }, { www: www.key, wild: wild.key }),
    ["dynoform:app.certificates.wild: serves www.shop.test, as www does; name it in the hosts of one of them"],
  );
  assert.deepEqual(problems({ www: { chain: "x" } }, { www: 7 }), [
    'dynoform:app.certificates.www.chain: "x" is not allowed; use a chain of certificates in PEM',
    "dynoform:certificates.www: is no text; set it to a private key in PEM",
  ]);
});
