import assert from "node:assert/strict";
import { test } from "node:test";
import { openBackend } from "../../../engine/src/state/open-backend.ts";
import { readPostgresUrl, withoutPassword } from "../../../engine/src/state/postgres-url.ts";

const read = (url: string, environment = {}) => readPostgresUrl(url, environment);

test("a URL says where the table is, who asks, and what all keys begin with", () => {
  const place = read("postgres://ann:p%40ss@db.example.com:6543/infra?table=My_State&connect_timeout=3");
  assert.deepEqual(place.connection, {
    host: "db.example.com",
    port: 6543,
    user: "ann",
    password: "p@ss",
    database: "infra",
    ssl: {
      rejectUnauthorized: false,
      checkServerIdentity: place.connection.ssl && Object(place.connection.ssl).checkServerIdentity,
    },
    connectionTimeoutMillis: 3000,
    application_name: "pulumi",
    options: "",
  });
  assert.equal(place.table, "my_state", "as Postgres reads a name without quotes");
  assert.equal(place.prefix, "infra/");
  assert.equal(place.shown, "postgres://ann@db.example.com:6543/infra?table=my_state");
  assert.equal(read("postgres://h/db").table, "pulumi_state");
  assert.equal(read("postgres://[::1]/db").connection.host, "::1");
});

test("what it leaves out comes from where Postgres' clients have it", () => {
  const environment = {
    PGHOST: "h",
    PGPORT: "1",
    PGUSER: "u",
    PGPASSWORD: "secret",
    PGDATABASE: "d",
    PGSSLMODE: "disable",
  };
  const { connection, prefix, shown } = read("postgres://", environment);
  const { host, port, user, password, database, ssl } = connection;
  assert.deepEqual([host, port, user, password, database, ssl], ["h", 1, "u", "secret", "d", false]);
  assert.equal(prefix, "", "as Pulumi: only what the URL names is a folder");
  assert.equal(shown, "postgres://u@h:1/");
  assert.equal(read("postgres:///d?host=/var/run/postgresql").connection.ssl, false, "no network, nothing to encrypt");
  assert.equal(
    read("postgres://h/d?search_path=a,b&timezone=Europe/X%20Y").connection.options,
    "-c search_path=a,b -c timezone=Europe/X\\ Y",
  );
});

test("a network is not trusted unless the URL says so", () => {
  const ssl = (query: string) => read(`postgres://h/d${query}`).connection.ssl as { rejectUnauthorized: boolean };
  assert.equal(ssl("").rejectUnauthorized, false);
  assert.equal(ssl("?sslmode=verify-full").rejectUnauthorized, true);
  assert.equal("checkServerIdentity" in ssl("?sslmode=verify-full"), false);
  assert.equal("checkServerIdentity" in ssl("?sslmode=verify-ca"), true);
  assert.equal(ssl("?sslmode=disable"), false);
  assert.throws(
    () => ssl("?sslmode=prefer"),
    /sslmode=prefer is not known here; use disable, require, verify-ca, verify-full/,
  );
  assert.throws(
    () => ssl("?sslmode=verify-ca&sslrootcert=/nowhere.crt"),
    /\/nowhere\.crt, which the backend's URL names, cannot be read/,
  );
});

test("no message holds the password", () => {
  const wrong = [
    "postgres://u:hunter2@h:port/d",
    "postgres://u:hunter2%@h/d",
    "postgres://u:hunter2@h/d?table=a-b",
    "postgres://u:hunter2@h/d?sslmode=none",
    "postgresql://u:hunter2@h/d",
    "s3://bucket?password=hunter2&x=1",
  ];
  for (const url of wrong) {
    assert.throws(
      () => openBackend(url, "/"),
      (error: Error) =>
        error.name === "Error" && !JSON.stringify([error.message, error.stack, error]).includes("hunter2"),
      url,
    );
  }
  assert.equal(openBackend("postgres://u:hunter2@h/d?password=hunter2", "/").shown, "postgres://u@h:5432/d");
  assert.equal(withoutPassword("https://u:a@b@h/p?password=x&y"), "https://u@h/p?password=****&y");
});
