import type { DatabaseSync } from "node:sqlite";
import { type DockerEvent, fromEvent, isPause, isRunning, type KnownDyno } from "../dynos/docker-dynos.ts";
import type { DynoWatcher, WatchedEvent } from "../dynos/watch.ts";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";
import { boundsOf, type Month } from "./month.ts";

/** Milliseconds. */
const DAY_MS = 86_400_000;

/**
 * The runs within $from and $to, each from when no earlier container of its dyno ran any more: one that is started beside
 * the one whose place it takes is the same dyno.
 */
const COUNTED = `SELECT app, type, size, MAX(started, $from, COALESCE(covered, 0)) AS started,
    MIN(COALESCE(ended, $now), $to) AS ended
  FROM (
    SELECT *, MAX(COALESCE(ended, $now)) OVER (
      PARTITION BY app, dyno ORDER BY started, container ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS covered
    FROM dyno_run WHERE started < $to AND started < $now AND COALESCE(ended, $now) > $from
  )`;

interface LedgerArgs {
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly watcher: Pick<DynoWatcher, "on" | "connected" | "list">;
  /** Starts, ends and pauses since then (milliseconds since 1970), as far as Docker knows. */
  readonly past: (from: number) => Promise<readonly DockerEvent[]>;
}

/** What the dynos of one type and size of an app have used of a month. */
export interface Usage {
  readonly app: string;
  readonly type: string;
  readonly size: string;
  readonly seconds: number;
}

/**
 * Every second of every dyno, once. A run of a container is a row from Docker's StartedAt to Docker's FinishedAt, and can be
 * told as often as one likes: it is known by its container and start. A nap ends a run, and its end begins another. What ended while nobody looked is closed from
 * Docker; what Docker has forgotten by then, by Docker's past events, and without one at the last heartbeat, when it is
 * known to have run.
 */
export class Ledger {
  readonly #args: LedgerArgs;
  constructor(args: LedgerArgs) {
    this.#args = args;
    migrate(args.db, "hours", [
      `CREATE TABLE dyno_run (
        container TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER,
        app TEXT NOT NULL, dyno TEXT NOT NULL, type TEXT NOT NULL, size TEXT NOT NULL,
        PRIMARY KEY (container, started)
      ) STRICT;
      CREATE INDEX dyno_run_ended ON dyno_run (ended);
      CREATE TABLE heartbeat (one INTEGER PRIMARY KEY CHECK (one = 1), at INTEGER NOT NULL) STRICT`,
    ]);
    args.watcher.on((event) => this.#happened(event));
  }

  /** Closes what Docker has forgotten. Once, when the watcher has read all of Docker for the first time. */
  async begin(): Promise<void> {
    const from = this.#lastBeat;
    const past = from === 0 ? [] : await this.#args.past(from);
    const there = new Set(this.#args.watcher.list().map(({ container }) => container));
    for (const event of past) if (isPause(event) || !there.has(event.Actor.ID)) this.#recall(event);
    const open = this.#args.db.prepare("SELECT DISTINCT container FROM dyno_run WHERE ended IS NULL").all();
    for (const { container } of open) if (!there.has(String(container))) this.#closeAtHeartbeat(String(container));
    for (const dyno of this.#args.watcher.list()) this.#agree(dyno);
    this.beat();
  }

  /** Notes that the dynos which are open run now. To be called every second. */
  beat(): void {
    const { db, clock, watcher } = this.#args;
    // Of a Docker that cannot be reached nobody knows what runs.
    if (!watcher.connected) return;
    db.prepare("INSERT INTO heartbeat VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET at = excluded.at").run(
      Math.round(clock()),
    );
  }

  /** What was used of a month so far, by app, type and size. */
  usage(month: Month): Usage[] {
    const { from, to } = boundsOf(month);
    const now = Math.round(this.#args.clock());
    return this.#args.db
      .prepare(
        `SELECT app, type, size, SUM(MAX(ended - started, 0)) / 1000.0 AS seconds FROM (${COUNTED})
         GROUP BY app, type, size HAVING seconds > 0 ORDER BY app, type, size`,
      )
      .all({ $from: from, $to: to, $now: now })
      .map(({ app, type, size, seconds }) => ({
        app: String(app),
        type: String(type),
        size: String(size),
        seconds: Number(seconds),
      }));
  }

  /** The seconds that an app's dynos ran on each day of a month, up to today. */
  daily(app: string, month: Month): number[] {
    const { from, to } = boundsOf(month);
    const now = Math.round(this.#args.clock());
    const days: number[] = Array.from({ length: Math.max(0, Math.ceil((Math.min(to, now) - from) / DAY_MS)) }, () => 0);
    const runs = this.#args.db
      .prepare(`SELECT started, ended FROM (${COUNTED}) WHERE app = $app AND ended > started`)
      .all({ $app: app, $from: from, $to: to, $now: now });
    for (const run of runs) {
      const ended = Number(run.ended);
      for (let at = Number(run.started); at < ended; ) {
        const day = Math.floor((at - from) / DAY_MS);
        const until = Math.min(ended, from + (day + 1) * DAY_MS);
        days[day] = (days[day] ?? 0) + (until - at) / 1000;
        at = until;
      }
    }
    return days;
  }

  /** The months of which something is known, newest first. */
  months(): Month[] {
    const row = this.#args.db.prepare("SELECT MIN(started) AS first FROM dyno_run").get();
    if (row?.first == null) return [];
    const months: Month[] = [];
    const first = new Date(Number(row.first));
    const now = this.#args.clock();
    for (let index = first.getUTCMonth(); ; index++) {
      const from = Date.UTC(first.getUTCFullYear(), index);
      if (from > now) return months.reverse();
      months.push(new Date(from).toISOString().slice(0, 7));
    }
  }

  #happened({ kind, dyno, at }: WatchedEvent): void {
    if (kind === "removed" || kind === "lost") {
      this.#closeAtHeartbeat(dyno.container);
      return;
    }
    if (kind === "paused" || kind === "resumed") {
      if (kind === "paused") this.#pause(dyno.container, at);
      else this.#open(dyno, at);
      return;
    }
    if (dyno.startedAt === undefined) return;
    this.#open(dyno, dyno.startedAt);
    if (dyno.finishedAt === undefined) return;
    if (dyno.endUnknown) this.#closeAtHeartbeat(dyno.container);
    else this.#close(dyno.container, dyno.startedAt, dyno.finishedAt);
  }

  /** Takes a start or an end of a container that is gone. */
  #recall(event: DockerEvent): void {
    const dyno = fromEvent(event, undefined);
    if (dyno?.startedAt === undefined) return;
    const { db } = this.#args;
    const { container } = dyno;
    const at = Math.floor(event.timeNano / 1e6);
    if (isPause(event)) {
      if (event.Action === "pause") this.#pause(container, at);
      else this.#open(dyno, at);
      return;
    }
    // One that is open was started a moment before its event.
    if (event.Action === "start" && !this.#isOpen(container)) this.#open(dyno, dyno.startedAt);
    if (dyno.finishedAt === undefined) return;
    db.prepare("UPDATE dyno_run SET ended = MAX(started, ?) WHERE container = ? AND ended IS NULL").run(
      dyno.finishedAt,
      container,
    );
  }

  /** Notes a run, and ends any earlier one of the container that nobody saw end. */
  #open({ container, app, dyno, type, size }: KnownDyno, started: number): void {
    const at = Math.round(started);
    const { db } = this.#args;
    db.prepare("INSERT OR IGNORE INTO dyno_run VALUES (?, ?, NULL, ?, ?, ?, ?)").run(
      container,
      at,
      app,
      dyno,
      type,
      size,
    );
    db.prepare(
      "UPDATE dyno_run SET ended = MAX(started, MIN(?, ?)) WHERE container = ? AND started < ? AND ended IS NULL",
    ).run(this.#lastBeat, at, container, at);
  }

  /** The pause and its end were missed, and Docker has forgotten them: what is so now begins now. */
  #agree(dyno: KnownDyno): void {
    if (!isRunning(dyno)) return;
    if (dyno.paused) this.#closeAtHeartbeat(dyno.container);
    else if (!this.#isOpen(dyno.container)) this.#open(dyno, this.#args.clock());
  }

  #isOpen(container: string): boolean {
    return this.#args.db.prepare("SELECT 1 FROM dyno_run WHERE container = ? AND ended IS NULL").get(container) != null;
  }

  /** Of a pause that was told before, the run that began after it goes on. */
  #pause(container: string, at: number): void {
    this.#args.db
      .prepare("UPDATE dyno_run SET ended = $at WHERE container = $container AND started <= $at AND ended IS NULL")
      .run({ $at: Math.round(at), $container: container });
  }

  /** @param started when the container was; a nap may have been since */
  #close(container: string, started: number, ended: number): void {
    this.#args.db
      .prepare("UPDATE dyno_run SET ended = MAX(started, ?) WHERE container = ? AND started >= ? AND ended IS NULL")
      .run(Math.round(ended), container, Math.round(started));
  }

  #closeAtHeartbeat(container: string): void {
    this.#args.db
      .prepare("UPDATE dyno_run SET ended = MAX(started, ?) WHERE container = ? AND ended IS NULL")
      .run(this.#lastBeat, container);
  }

  /** When the dynos that were open then are known to have run; 0: never. */
  get #lastBeat(): number {
    return Number(this.#args.db.prepare("SELECT at FROM heartbeat").get()?.at ?? 0);
  }
}
