import type { DatabaseSync } from "node:sqlite";
import { messageOf, UserError } from "../../../lib/errors.ts";
import { findProject, readStackFiles } from "../../../model/stack/project.ts";
import { type Drift, driftOf, type LastChange, READ_AGAIN } from "../../stacks/plan/drift.ts";

import { Ticker } from "../dynos/ticker.ts";
import type { Runner } from "../runs/runner.ts";
import { migrate } from "../store.ts";
import type { AppLock, Clock } from "../types.ts";

/** What was found of a stack when it was last looked at. */
export interface Found {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly drift: readonly Drift[];
}

interface DriftWatchOptions {
  readonly runner: Pick<Runner, "preview">;
  readonly lastChange: LastChange;
  readonly db: DatabaseSync;
  readonly lock: AppLock;
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** The apps of this platform, with their stacks. */
  apps(): Promise<readonly { readonly name: string; readonly stack: string }[]>;
  /** Seconds between two looks; 0: none. */
  readonly every: number;
  readonly clock: Clock;
  report(problem: string): void;
}

const STEPS = ["CREATE TABLE drift (stack TEXT PRIMARY KEY, at INTEGER NOT NULL, found TEXT NOT NULL) STRICT"];
const ACT = { user: "drift", description: "Look for what was changed by hand" };

/** Looks now and then whether what is there is what is declared, and remembers what is not. */
export class DriftWatch implements Disposable {
  readonly #options: DriftWatchOptions;
  #ticker: Ticker | undefined;

  constructor(options: DriftWatchOptions) {
    this.#options = options;
    migrate(options.db, "drift", STEPS);
  }

  start(): void {
    const { every, report } = this.#options;
    if (every === 0) this.#options.db.exec("DELETE FROM drift");
    else
      this.#ticker = new Ticker(
        every * 1000,
        () => this.look(),
        (problem) => report(`drift: ${problem}`),
      );
  }

  /** Looks at the platform's stack and at its apps', one after the other. */
  async look(): Promise<void> {
    const { project, lock, db, report } = this.#options;
    const apps = await this.#options.apps();
    const files = await readStackFiles(await findProject(project));
    const platforms = files.filter(({ kind }) => kind === "platform").map(({ stack }) => stack);
    const stacks = new Set([...platforms, ...apps.map(({ stack }) => stack)]);
    for (const { stack } of this.#all())
      if (!stacks.has(stack)) db.prepare("DELETE FROM drift WHERE stack = ?").run(stack);
    for (const stack of platforms) await this.#tolerant(stack, () => this.#lookAt(stack));
    for (const { name, stack } of apps) {
      // What is being changed is not looked at: half of it would be found.
      if (lock.busy(name)) continue;
      await this.#tolerant(stack, () =>
        lock.run(name, "a look for what was changed by hand", () => this.#lookAt(stack)),
      );
    }
    const differing = this.#all().filter(({ found }) => found !== "[]");
    if (differing.length > 0) report(`drift: ${differing.map(({ stack }) => stack).join(", ")} are not as declared`);
  }

  /** Undefined: it was not looked at. */
  found(stack: string): Found | undefined {
    const row = this.#options.db.prepare("SELECT at, found FROM drift WHERE stack = ?").get(stack);
    return row && { at: Number(row.at), drift: JSON.parse(String(row.found)) };
  }

  async #lookAt(stack: string): Promise<void> {
    const { runner, db, clock, lastChange } = this.#options;
    const { planned = [] } = await runner.preview("up", stack, ACT, { args: [READ_AGAIN] });
    const found = JSON.stringify(await driftOf(planned, lastChange));
    db.prepare(
      "INSERT INTO drift VALUES (?, ?, ?) ON CONFLICT (stack) DO UPDATE SET at = excluded.at, found = excluded.found",
    ).run(stack, clock(), found);
  }

  /** One that cannot be looked at, as while its file is wrong, keeps no other from being looked at. */
  async #tolerant(stack: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#options.report(`drift: ${stack} cannot be looked at: ${messageOf(error).split("\n", 1)[0]}`);
    }
  }

  #all(): { stack: string; found: string }[] {
    const rows = this.#options.db.prepare("SELECT stack, found FROM drift ORDER BY stack").all();
    return rows.map(({ stack, found }) => ({ stack: String(stack), found: String(found) }));
  }

  [Symbol.dispose](): void {
    this.#ticker?.[Symbol.dispose]();
  }
}
