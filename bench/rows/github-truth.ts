import { setTimeout as sleep } from "node:timers/promises";
import { type linkedApp, versionedApp } from "../../test/support/github/linked-app.ts";
import { until } from "../../test/support/until.ts";
import { type Row, seconds } from "../row.ts";

/** Seconds within which a commit is deployed whose last check has passed, and a link is caught up whose forge is back. */
const DEPLOYED = 2;
const CAUGHT_UP = 60;
/** Seconds that the checks of a commit take, and that a forge is away. */
const AWAY = 20;
/** Seconds after which something is taken for hanging. */
const PATIENCE = 180;

type Linked = Awaited<ReturnType<typeof linkedApp>>;

/** From a commit's last check to its deploy, with a suite in which nothing ever runs beside. */
export async function afterChecks({ api, github, repository, version }: Linked): Promise<Row> {
  const builds = async () => (await api.ask("GET", "/apps/shop/builds")).body.length;
  await api.ask("PATCH", "/apps/shop/github", { wait_for_ci: true });
  github.deliveries.mode = "send";
  const before = await builds();
  const head = await repository.commit("main", versionedApp("checked"));
  await repository.suite(head, "main");
  const suite = await repository.suite(head, "main", { unit: "in_progress", lint: "in_progress" });
  await sleep(AWAY * 1000);
  if ((await builds()) > before) throw new Error("it was built before its checks had passed");
  await repository.check(suite, { lint: "neutral" });
  const waited = await seconds(async () => {
    await repository.check(suite, { unit: "success" });
    await until("it is built", async () => (await builds()) > before, PATIENCE);
  });
  await until("it serves", async () => (await version()) === "checked", PATIENCE);
  if ((await builds()) !== before + 1) throw new Error("it was built more than once");
  await api.ask("PATCH", "/apps/shop/github", { wait_for_ci: false });
  return {
    name: "from the last of a commit's checks to its deploy",
    ours: waited,
    beside: "what it may take",
    theirs: DEPLOYED,
    unit: "s",
    limit: { ratio: 1 },
  };
}

/** From a forge's being back to the first answer of what was pushed meanwhile. */
export async function afterOutage({ github, repository, version }: Linked): Promise<Row> {
  github.deliveries.mode = "send";
  github.faults.current = { kind: "unreachable" };
  await repository.commit("main", versionedApp("outage"));
  await sleep(AWAY * 1000);
  github.faults.current = undefined;
  const waited = await seconds(() => until("it serves", async () => (await version()) === "outage", PATIENCE));
  return {
    name: `from GitHub's being back after ${AWAY} s to what was pushed meanwhile`,
    ours: waited,
    beside: "what it may take",
    theirs: CAUGHT_UP,
    unit: "s",
    limit: { ratio: 1 },
  };
}
