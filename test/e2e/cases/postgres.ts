import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { packageRoot } from "../../../lib/package-root.ts";
import type { Case, CaseApp } from "../../support/cases.ts";

export const cases: readonly Case[] = [
  {
    name: "db-sslmode",
    folder: "01-db-sslmode",
    database: true,
    async check(app) {
      const says = async (mode: string) => (await app.fetch(`/${mode}`)).body.trim();
      assert.equal(await says("require"), "require: connected, encrypted: True");
      assert.equal(await says("prefer"), "prefer: connected, encrypted: True");
      assert.equal(await says("allow"), "allow: connected, encrypted: False");
      // As on Heroku: the certificate is the server's own.
      assert.match(await says("verify-ca"), /^verify-ca: OperationalError: .*root certificate file .* does not exist/);
      await sameDatabase(app);
    },
  },
];

/** 19, 20 and 23 are SQL, and need no app of their own. From outside, with sslmode=require. */
async function sameDatabase(app: CaseApp): Promise<void> {
  const client = new pg.Client({
    connectionString: (await app.api.config()).DATABASE_URL ?? "",
    ssl: { rejectUnauthorized: false },
  });
  await client.connect();
  try {
    const extensions = (await client.query(
      await sql("19-pg-extensions/extensions.sql"),
    )) as unknown as pg.QueryResult[];
    const made = extensions.at(-1)?.rows.map(({ extname }) => extname);
    assert.deepEqual(
      made,
      "citext cube earthdistance hstore pg_stat_statements pg_trgm pgcrypto plpgsql postgis postgres_fdw unaccent uuid-ossp vector".split(
        " ",
      ),
    );
    const order = (await sql("23-collation/order.sql")).split("\n");
    const { rows } = await client.query({ text: order[1] ?? "", rowMode: "array" });
    assert.match(rows[0]?.[0], /^(Äpfel apple|apple Äpfel) Banana cherry zebra Zoo$/);
    const { rows: locales } = await client.query({ text: order[5] ?? "", rowMode: "array" });
    assert.deepEqual(locales, [["en_US.UTF-8", "c"]]);
  } finally {
    await client.end();
  }
}

function sql(file: string): Promise<string> {
  return readFile(join(packageRoot(), "test/fixtures/cases", file), "utf8");
}
