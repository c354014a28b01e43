/** What happened to an app in one way: how often, and how long it took where that is known. */
interface Tally<K> {
  readonly app: string;
  readonly kind: K;
  readonly count: number;
  /** By bucket, each with what is in the lower ones; those above the last bound are in `timed` alone. */
  readonly buckets: readonly number[];
  /** Those whose duration is known, and its sum in seconds. */
  readonly timed: number;
  readonly seconds: number;
}

interface Counted<K> {
  readonly kind: K;
  count: number;
  timed: number;
  seconds: number;
  /** Each by itself. */
  readonly buckets: number[];
}

/** Counts what happens to apps since this process began. It holds numbers only: some 300 bytes for each app and kind. */
export class Tallies<K extends Readonly<Record<string, string>>> {
  /** Upper ends of the buckets in seconds, ascending. */
  readonly bounds: readonly number[];
  readonly #apps = new Map<string, Map<string, Counted<K>>>();

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
  }

  /** @param seconds that it took; undefined: nobody knows */
  add(app: string, kind: K, seconds: number | undefined): void {
    const counted = this.#counted(app, kind);
    counted.count++;
    if (seconds === undefined) return;
    counted.timed++;
    counted.seconds += seconds;
    const bucket = this.bounds.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) counted.buckets[bucket] = (counted.buckets[bucket] ?? 0) + 1;
  }

  list(): Tally<K>[] {
    return [...this.#apps].flatMap(([app, kinds]) =>
      [...kinds.values()].map((counted) => {
        let below = 0;
        return { ...counted, app, buckets: counted.buckets.map((count) => (below += count)) };
      }),
    );
  }

  /** What was counted goes on under another name. */
  rename(from: string, to: string): void {
    const kinds = this.#apps.get(from);
    if (kinds === undefined) return;
    this.#apps.delete(from);
    this.#apps.set(to, kinds);
  }

  forget(app: string): void {
    this.#apps.delete(app);
  }

  #counted(app: string, kind: K): Counted<K> {
    let kinds = this.#apps.get(app);
    if (kinds === undefined) {
      kinds = new Map();
      this.#apps.set(app, kinds);
    }
    const key = Object.values(kind).join("\t");
    let counted = kinds.get(key);
    if (counted === undefined) {
      counted = { kind, count: 0, timed: 0, seconds: 0, buckets: this.bounds.map(() => 0) };
      kinds.set(key, counted);
    }
    return counted;
  }
}
