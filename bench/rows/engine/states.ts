import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { PostgresServer } from "../../../test/docker/postgres/server.ts";
import { type Bench, median, type Row } from "../../row.ts";
import type { Cost } from "./cost.ts";
import { ManyResources, type Operation } from "./many.ts";

const ROUNDS = 3;
const RESOURCES = 1000;

const OPERATIONS: readonly (readonly [string, Operation])[] = [
  ["create", "up"],
  ["no-op up", "up"],
  ["preview", "preview"],
  ["destroy", "destroy"],
];

/** States in Postgres (`postgres://`) beside those in files. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  await using server = await PostgresServer.start();
  const url = `postgres://postgres:${server.passwords.superuser}@127.0.0.1:${server.port}/postgres?sslmode=disable`;
  await using files = await ManyResources.create(RESOURCES);
  await using rows = await ManyResources.create(RESOURCES, undefined, url);
  /** What Postgres gave its log to write, in MB. */
  const logged = async () => {
    const result = await server.query("postgres", "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS bytes");
    return Number(result.rows[0].bytes) / 1e6;
  };
  const found: Row[] = [];
  for (const [name, operation] of OPERATIONS) {
    const [ours, theirs, written]: [Cost[], Cost[], number[]] = [[], [], []];
    for (let round = 0; round < (name === "create" || name === "destroy" ? 1 : rounds); round++) {
      say(`${name} of ${RESOURCES} resources, round ${round + 1}`);
      theirs.push(await files.run(operation));
      const before = await logged();
      ours.push(await rows.run(operation));
      written.push((await logged()) - before);
    }
    const beside = "states in files";
    const of = (costs: readonly Cost[], measure: keyof Cost) => median(costs.map((cost) => cost[measure]));
    const title = `${name} of ${RESOURCES} resources, states in Postgres`;
    found.push(
      {
        name: `${title}: time`,
        ours: of(ours, "seconds"),
        beside,
        theirs: of(theirs, "seconds"),
        unit: "s",
        limit: { ratio: 2 },
      },
      { name: `${title}: written`, ours: median(written), beside, theirs: of(theirs, "written"), unit: "MB" },
    );
    if (name !== "no-op up") continue;
    const size = await server.query("postgres", "SELECT pg_total_relation_size('pulumi_state') AS bytes");
    found.push({
      name: `${RESOURCES} resources, states in Postgres: space`,
      ours: Number(size.rows[0].bytes) / 1e6,
      beside,
      theirs: (await bytesBelow(join(files.folder, "state"))) / 1e6,
      unit: "MB",
    });
  }
  return found;
};

async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)));
  return (await Promise.all(files)).reduce((sum, { size }) => sum + size, 0);
}
