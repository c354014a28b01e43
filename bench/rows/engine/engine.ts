import { realCliIfBuilt } from "../../../test/real/real-cli.ts";
import { type Bench, median, type Row, seconds } from "../../row.ts";
import type { Cost } from "./cost.ts";
import { ManyResources, type Operation } from "./many.ts";
import { WarmEngine } from "./warm.ts";

const ROUNDS = 3;
const SMALL = 10;
const SIZES = [250, 1000] as const;

const MEASURES = [
  ["time", "seconds", "s"],
  ["processor time", "cpu", "s"],
  ["memory", "memory", "MB"],
  ["written", "written", "MB"],
] as const satisfies readonly (readonly [string, keyof Cost, Row["unit"]])[];

type Say = (line: string) => void;
type Costs = Readonly<Record<string, Cost>>;

/** The embedded engine, beside the real CLI when this machine has built it (`npm run test:real`). */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  const real = await realCliIfBuilt();
  const small = await smallStack(say, rounds, real);
  const ours: Record<number, Costs> = {};
  const rows: Row[] = [];
  for (const size of SIZES) {
    ours[size] = await costsOf(say, size, rounds);
    const [beside, theirs] =
      real === undefined
        ? (["the program on the SDK's mocks", await mockedCosts(size, rounds)] as const)
        : (["the real CLI", await costsOf(say, size, rounds, real)] as const);
    rows.push(...besideRows(size, ours[size], beside, theirs));
  }
  return [...small, ...rows, ...linearRows(ours[SIZES[0]] ?? {}, ours[SIZES[1]] ?? {})];
};

async function smallStack(say: Say, rounds: number, real: string | undefined): Promise<Row[]> {
  const rows: Row[] = [];
  await using many = await ManyResources.create(SMALL);
  await using others = real === undefined ? undefined : await ManyResources.create(SMALL, real);
  for (const secret of [false, true]) {
    const name = `no-op up of ${SMALL} resources${secret ? " and a secret" : ""}`;
    say(name);
    const taken: { ours: number; theirs: number; sdk: number }[] = [];
    for (const stack of [many, others]) {
      if (secret) await stack?.run("secret");
      await stack?.run("up");
    }
    // A small stack is measured in a moment, and a moment differs from the next.
    for (let round = 0; round < 5 * rounds; round++) {
      taken.push({
        ours: (await many.run("up")).seconds,
        theirs: (await others?.run("up"))?.seconds ?? 0,
        sdk: (await many.sdk()).seconds,
      });
    }
    const ours = median(taken.map((round) => round.ours));
    const row = { name, ours, unit: "s" } as const;
    const sdk = median(taken.map((round) => round.sdk));
    rows.push({ ...row, beside: "Node loading the SDK", theirs: sdk, limit: { ratio: 1.3 } });
    if (others) rows.push({ ...row, beside: "the real CLI", theirs: median(taken.map((round) => round.theirs)) });
  }
  say(`no-op up of ${SMALL} resources in this process`);
  await using warm = await WarmEngine.create(SMALL);
  const inProcess: number[] = [];
  for (let round = 0; round < 5 * rounds; round++) inProcess.push((await seconds(() => warm.up())) * 1000);
  const sdk = (rows[0]?.theirs ?? 0) * 1000;
  const name = `no-op up of ${SMALL} resources on a warm engine`;
  return [
    ...rows,
    { name, ours: median(inProcess), beside: "Node loading the SDK", theirs: sdk, unit: "ms", limit: { ours: 150 } },
  ];
}

/** What each operation takes: making and destroying once, the others the median of some rounds. */
async function costsOf(say: Say, size: number, rounds: number, real?: string): Promise<Costs> {
  await using many = await ManyResources.create(size, real);
  const run = async (name: string, operation: Operation, times = 1) => {
    say(`${size} resources${real === undefined ? "" : " on the real CLI"}: ${name}`);
    return await repeated(times, () => many.run(operation));
  };
  return {
    create: await run("create", "up"),
    "no-op up": await run("no-op up", "up", rounds),
    preview: await run("preview", "preview", rounds),
    destroy: await run("destroy", "destroy"),
  };
}

async function mockedCosts(size: number, rounds: number): Promise<Costs> {
  await using many = await ManyResources.create(size);
  const cost = await repeated(rounds, () => many.mocked());
  return { create: cost, "no-op up": cost, preview: cost, destroy: cost };
}

async function repeated(times: number, run: () => Promise<Cost>): Promise<Cost> {
  const costs: Cost[] = [];
  for (let round = 0; round < times; round++) costs.push(await run());
  const of = (measure: keyof Cost) => median(costs.map((cost) => cost[measure]));
  return { seconds: of("seconds"), cpu: of("cpu"), memory: of("memory"), written: of("written") };
}

function besideRows(size: number, ours: Costs, beside: string, theirs: Costs): Row[] {
  return Object.entries(ours).flatMap(([operation, cost]) =>
    MEASURES.map(([measure, key, unit]) => ({
      name: `${operation} of ${size} resources: ${measure}`,
      ours: cost[key],
      beside,
      theirs: theirs[operation]?.[key] ?? 0,
      unit,
    })),
  );
}

/** What grows faster than the number of resources is found here; a preview writes nothing. */
function linearRows(few: Costs, many: Costs): Row[] {
  const factor = SIZES[1] / SIZES[0];
  return Object.entries(many).flatMap(([operation, cost]) =>
    MEASURES.filter(([, key]) => cost[key] > 0).map(([measure, key, unit]) => ({
      name: `${operation} of ${SIZES[1]} resources: ${measure}`,
      ours: cost[key],
      beside: `${factor} times what ${SIZES[0]} take`,
      theirs: factor * (few[operation]?.[key] ?? 0),
      unit,
      ...(["no-op up", "preview"].includes(operation) && { limit: { ratio: 1.1 } }),
    })),
  );
}
