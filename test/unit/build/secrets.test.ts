import assert from "node:assert/strict";
import { test } from "node:test";
import { masking } from "../../../provider/build/secrets.ts";

const KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----";
const masked = masking({
  DJANGO_SETTINGS_MODULE: "config.settings",
  SECRET_KEY: "a-long-secret",
  LONGER_TOKEN: "a-long-secret-and-more",
  SHORT_KEY: "1",
  TLS_PRIVATE: KEY,
  DATABASE_URL: "postgres://shop:p%40ssw0rd@10.0.0.3:5432/shop",
  PIP_EXTRA_INDEX_URL: "https://reader:index-pass@index.example.com/simple",
});

const LINES: readonly [line: string, shown: string][] = [
  ["No module named 'config.settings' 1", "No module named 'config.settings' 1"],
  ["key: a-long-secret", "key: ****"],
  ["+ echo a-long-secret-and-more", "+ echo ****"],
  ["  MIIEvQIBADANBg", "  ****"],
  ["DATABASE_URL=postgres://shop:p%40ssw0rd@10.0.0.3:5432/shop", "DATABASE_URL=postgres://****@10.0.0.3:5432/shop"],
  ["password p@ssw0rd or p%40ssw0rd is wrong", "password **** or **** is wrong"],
  [
    "Looking in indexes: https://reader:index-pass@index.example.com/simple",
    "Looking in indexes: https://****@index.example.com/simple",
  ],
  ["https://other:creds@example.com/", "https://****@example.com/"],
];

for (const [line, shown] of LINES) test(`shown: ${shown}`, () => assert.equal(masked(line), shown));
