import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { findTarget } from "../../cli/api-client.ts";
import { testPlatform } from "../../test/support/platform.ts";
import { finish } from "../../test/support/process.ts";
import { type Bench, median, type Row, seconds } from "../row.ts";

const ROUNDS = 1;

/** Of about 270 bytes, with the index of a primary key: 1 GB. */
const ROWS = 3_500_000;

/** `pg:backups` and `pg:copy` of a database of 1 GB, beside `pg_dump` and `pg_restore` by hand in the same server. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  await using platform = await testPlatform({ limits: { postgres: { memory: 1024 } } });
  const service = { service: "postgresql" };
  await platform.app("shop", { addons: { DATABASE: service, COPY: service, HAND: service } });
  say("first up");
  await platform.up();
  const { api } = await findTarget(platform.directory, "shop");
  const ask = async (method: string, path: string, body?: object) => (await api.ask(method, path, body)).body;
  const urls: Record<string, string> = await ask("GET", "/apps/shop/config-vars");
  const url = (name: string) => urls[`${name}_URL`] ?? "";
  const database = (name: string) => new URL(url(name)).pathname.slice(1);
  const attachments: { name: string; addon: { id: string } }[] = await ask("GET", "/apps/shop/addon-attachments");
  const id = (name: string) => attachments.find((each) => each.name === name)?.addon.id ?? "";

  const query = async (name: string, text: string) => {
    const client = new pg.Client({ connectionString: url(name) });
    await client.connect();
    return client.query(text).finally(() => client.end());
  };
  const contents = async (name: string) =>
    (await query(name, "SELECT count(*), sum(hashtextextended(o::text, 0)) FROM orders o")).rows[0];
  say(`${ROWS} rows`);
  await query(
    "DATABASE",
    `CREATE TABLE orders (id bigint PRIMARY KEY, customer int, at timestamptz, note text);
     INSERT INTO orders SELECT i, i % 100000, now(), md5(i::text) || md5((i / 2)::text) || repeat(md5((i % 1000)::text), 4)
       FROM generate_series(1, ${ROWS}) i`,
  );
  await query("DATABASE", "VACUUM ANALYZE orders");
  const [{ size }] = (await query("DATABASE", "SELECT pg_database_size(current_database())::float8 AS size")).rows;
  say(`${(size / 1e9).toFixed(2)} GB`);
  const wanted = await contents("DATABASE");

  /** As the official command line waits, but closer. */
  const transfer = async (path: string, body = {}): Promise<{ num: number; to_url: string }> => {
    const { uuid } = await ask("POST", path, body);
    for (;;) {
      const now = await ask("GET", `/client/v11/apps/shop/transfers/${uuid}`);
      if (now.finished_at !== null) {
        assert.ok(now.succeeded, "a transfer failed");
        return now;
      }
      await sleep(100);
    }
  };
  /** A line of a shell in Postgres' container; `$1` and `$2` are databases. */
  const byHand = async (line: string, ...databases: string[]) => {
    const argv = [
      "docker",
      "exec",
      "--user=operator",
      `${platform.name}-postgres`,
      "bash",
      "-ceuo",
      "pipefail",
      line,
      "bash",
      ...databases,
    ];
    const { exitCode, output } = await finish(argv, platform.directory);
    assert.equal(exitCode, 0, output);
  };
  const empty = () =>
    byHand('dropdb --force "$1" && createdb --owner="$1" --template=template0 "$1"', database("HAND"));

  const taken: Record<"copy" | "pipe" | "capture" | "restore" | "dump" | "load", number[]> = {
    copy: [],
    pipe: [],
    capture: [],
    restore: [],
    dump: [],
    load: [],
  };
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    const urlsOf = { from_name: "DATABASE", from_url: url("DATABASE"), to_name: "COPY", to_url: url("COPY") };
    taken.copy.push(await seconds(() => transfer(`/client/v11/databases/${id("COPY")}/transfers`, urlsOf)));
    assert.deepEqual(await contents("COPY"), wanted, "the copy has the same rows");
    await empty();
    const pipe = 'pg_dump -Fc --compress=none "$1" | pg_restore --no-owner --role="$2" -d "$2"';
    taken.pipe.push(await seconds(() => byHand(pipe, database("DATABASE"), database("HAND"))));

    let backup = "";
    taken.capture.push(
      await seconds(async () => {
        backup = (await transfer(`/client/v11/databases/${id("DATABASE")}/backups`)).to_url;
      }),
    );
    await query("COPY", "DELETE FROM orders WHERE id % 2 = 0");
    const from = { backup_url: backup };
    taken.restore.push(await seconds(() => transfer(`/client/v11/databases/${id("COPY")}/restores`, from)));
    assert.deepEqual(await contents("COPY"), wanted, "what was restored has the same rows");
    await empty();
    taken.dump.push(await seconds(() => byHand('pg_dump -Fc -f /tmp/by-hand.dump "$1"', database("DATABASE"))));
    const load = 'pg_restore --no-owner --role="$1" -d "$1" /tmp/by-hand.dump && rm /tmp/by-hand.dump';
    taken.load.push(await seconds(() => byHand(load, database("HAND"))));
  }
  const gigabytes = (size / 1e9).toFixed(2);
  const row = (name: string, ours: keyof typeof taken, theirs: keyof typeof taken, beside: string): Row => ({
    name: `${name} of ${gigabytes} GB (median of ${rounds})`,
    ours: median(taken[ours]),
    beside,
    theirs: median(taken[theirs]),
    unit: "s",
  });
  return [
    row("pg:backups:capture", "capture", "dump", "pg_dump -Fc"),
    row("pg:backups:restore", "restore", "load", "pg_restore"),
    row("pg:copy", "copy", "pipe", "pg_dump -Fc --compress=none | pg_restore"),
  ];
};
