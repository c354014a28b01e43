import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";

/** Seconds that the ledger may differ from what Docker said, for one container. */
const TOLERANCE = 1;

interface Run {
  readonly start: number;
  end: number | undefined;
}

/** What Docker itself says of how long dynos ran. */
interface HoursWatch extends Disposable {
  /** How the control plane's ledger differs from that. */
  differences(directory: string): string[];
}

/** Watches from now on; to be begun before the first dyno is there. Goes on when dockerd was killed. */
export async function watchHours(docker: Docker, platform: string): Promise<HoursWatch> {
  const runs = new Map<string, Run[]>();
  /** Gone before anybody could ask when they ended. */
  const unknown = new Set<string>();
  const stop = new AbortController();
  const label = [`dynoform.platform=${platform}`, "dynoform.dyno"];

  const open = async () => {
    const filters = JSON.stringify({ type: ["container"], event: ["start", "die", "pause", "unpause"], label });
    const events = await docker.getEvents({ filters, abortSignal: stop.signal });
    // The stream ends with an error when it is aborted, and so does its reader.
    events.on("error", () => {});
    const reader = createInterface({ input: events }).on("error", () => {});
    reader.on("line", (line) => {
      const { Action, id, timeNano } = JSON.parse(line);
      const at = timeNano / 1e6;
      const own = runs.get(id) ?? [];
      runs.set(id, own);
      // A nap is no part of a run.
      if (Action === "die" || Action === "pause") for (const run of own) run.end ??= at;
      else if (own.every(({ end }) => end !== undefined)) own.push({ start: at, end: undefined });
    });
    return reader;
  };
  /** What happened while nobody was told. */
  const readAgain = async () => {
    const listed = await docker.listContainers({ all: true, filters: JSON.stringify({ label }) });
    for (const id of new Set([...runs.keys(), ...listed.map(({ Id }) => Id)])) {
      const own = runs.get(id) ?? [];
      if (own.length > 0 && own.every(({ end }) => end !== undefined)) continue;
      const found = await docker
        .getContainer(id)
        .inspect()
        .catch(() => undefined);
      if (found === undefined) unknown.add(id);
      else if (Date.parse(found.State.StartedAt) > 0) {
        // When one was frozen nobody says; it is told then that it cannot be known.
        if (found.State.Paused) unknown.add(id);
        const end = found.State.Running ? undefined : Date.parse(found.State.FinishedAt);
        if (own.length === 0) runs.set(id, [{ start: Date.parse(found.State.StartedAt), end }]);
        else for (const run of own) run.end ??= end;
      }
    }
  };

  const follow = async (reader: Interface) => {
    for (let current: Interface | undefined = reader; !stop.signal.aborted; ) {
      // With an error when the daemon was killed.
      if (current !== undefined) await once(current, "close").catch(() => {});
      await sleep(200);
      current = await open().catch(() => undefined);
      if (current !== undefined) await readAgain().catch(() => {});
    }
  };
  follow(await open());
  return {
    differences(directory) {
      using db = new DatabaseSync(join(directory, "control", "store.sqlite"), { readOnly: true, timeout: 5000 });
      const now = Date.now();
      const rows = db
        .prepare("SELECT container, dyno, SUM(COALESCE(ended, ?) - started) AS ms FROM dyno_run GROUP BY container")
        .all(now);
      const counted = new Map(rows.map(({ container, ms }) => [String(container), Number(ms)]));
      const dynos = new Map(rows.map(({ container, dyno }) => [String(container), String(dyno)]));
      const found: string[] = [];
      for (const [container, own] of runs) {
        const wanted = own.reduce((sum, { start, end = now }) => sum + end - start, 0) / 1000;
        const ledger = (counted.get(container) ?? 0) / 1000;
        counted.delete(container);
        if (Math.abs(ledger - wanted) <= TOLERANCE || unknown.has(container)) continue;
        const what = `${dynos.get(container) ?? ""} ${container.slice(0, 12)} from ${own.map(span).join(", ")}`;
        found.push(`${what} ran ${wanted.toFixed(1)} s, and ${ledger.toFixed(1)} s are counted`);
      }
      for (const container of counted.keys()) found.push(`${container.slice(0, 12)} is counted, and never ran`);
      return found;
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}

function span({ start, end }: Run): string {
  return `${new Date(start).toISOString()} to ${end === undefined ? "now" : new Date(end).toISOString()}`;
}
