import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../../lib/errors.ts";
import { migrate } from "../store.ts";
import type { Clock, LogSink } from "../types.ts";
import type { Ledger } from "./ledger.ts";
import { boundsOf, monthName, monthOf } from "./month.ts";

interface QuotaArgs {
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly ledger: Pick<Ledger, "usage">;
  readonly log: LogSink;
  readonly warn: (message: string) => void;
  /** The apps that have dynos of size free. */
  readonly freeApps: () => Promise<readonly string[]>;
  /** Takes an app's free dynos away, and gives them back. May be called again. */
  readonly sleep: { exhaust(app: string): Promise<void>; renew(app: string): Promise<void> };
  /** Free hours a month; 0: no end. */
  readonly free: number;
  readonly per: "app" | "account";
}

/** The free hours of a month. */
interface Quota {
  /** Seconds; 0: no end. */
  readonly total: number;
  /** Seconds. */
  readonly used: number;
}

const SIZE = "free";
const WARN_AT = 0.8;

/** The free hours: warns when 80 % of a month's are used, and at their end takes the free dynos away until the next. */
export class FreeHours {
  readonly #args: QuotaArgs;
  constructor(args: QuotaArgs) {
    this.#args = args;
    migrate(args.db, "free-hours", [
      `CREATE TABLE warned_app (app TEXT NOT NULL, month TEXT NOT NULL, PRIMARY KEY (app, month)) STRICT;
      CREATE TABLE exhausted_app (app TEXT PRIMARY KEY, month TEXT NOT NULL) STRICT`,
    ]);
  }

  /** What an app has of this month; with hours for the account, what all have. */
  of(app: string): Quota {
    return { total: this.#args.free * 3600, used: this.#used()(app) };
  }

  /** Whether an app's free hours are used up, so that it may start no free dyno. */
  isExhausted(app: string): boolean {
    return this.#isExhausted(this.#used()(app));
  }

  async tick(): Promise<void> {
    const { clock, free, freeApps } = this.#args;
    const month = monthOf(clock());
    const used = this.#used();
    await this.#renew(month, used);
    if (free === 0) return;
    for (const app of await freeApps()) {
      if (used(app) >= WARN_AT * free * 3600) this.#warn(app, month);
      if (this.#isExhausted(used(app))) await this.#exhaust(app, month);
    }
  }

  /** The seconds that count for an app. */
  #used(): (app: string) => number {
    const { clock, ledger, per } = this.#args;
    const byApp = new Map<string, number>();
    let all = 0;
    for (const { app, size, seconds } of ledger.usage(monthOf(clock()))) {
      if (size !== SIZE) continue;
      byApp.set(app, (byApp.get(app) ?? 0) + seconds);
      all += seconds;
    }
    return (app) => (per === "account" ? all : (byApp.get(app) ?? 0));
  }

  #isExhausted(used: number): boolean {
    return this.#args.free > 0 && used >= this.#args.free * 3600;
  }

  #warn(app: string, month: string): void {
    const { db, free, per } = this.#args;
    const { changes } = db.prepare("INSERT OR IGNORE INTO warned_app VALUES (?, ?)").run(app, month);
    if (changes === 0) return;
    const whose = per === "app" ? `the ${free} free dyno hours` : `the account's ${free} free dyno hours`;
    this.#say(app, `${WARN_AT * 100}% of ${whose} of ${monthName(month)} are used`);
  }

  async #exhaust(app: string, month: string): Promise<void> {
    const { db, sleep, warn } = this.#args;
    const { changes } = db
      .prepare(
        "INSERT INTO exhausted_app VALUES ($app, $month) ON CONFLICT DO UPDATE SET month = $month WHERE month <> $month",
      )
      .run({ $app: app, $month: month });
    if (changes > 0) {
      const until = new Date(boundsOf(month).to).toISOString().slice(0, 10);
      this.#say(app, `The free dyno hours of ${monthName(month)} are used up; free dynos sleep until ${until}`);
    }
    try {
      await sleep.exhaust(app);
    } catch (error) {
      warn(`the free dynos of ${app} could not be stopped: ${messageOf(error)}`);
    }
  }

  /** A new month has begun for those that were out of hours in an older one; or the setting allows more now. */
  async #renew(month: string, used: (app: string) => number): Promise<void> {
    const { db, sleep, warn } = this.#args;
    for (const row of db.prepare("SELECT app, month FROM exhausted_app").all()) {
      const app = String(row.app);
      if (row.month === month && this.#isExhausted(used(app))) continue;
      try {
        await sleep.renew(app);
        db.prepare("DELETE FROM exhausted_app WHERE app = ?").run(app);
      } catch (error) {
        warn(`the free dynos of ${app} could not be given back: ${messageOf(error)}`);
      }
    }
    db.prepare("DELETE FROM warned_app WHERE month <> ?").run(month);
  }

  #say(app: string, text: string): void {
    this.#args.log.write(app, { source: "app", process: "api", text });
  }
}
