import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, get } from "./http.ts";

export interface LoadOptions {
  /** As in the `Host` header, without port; the requests go to this machine. */
  readonly host: string;
  readonly port: number;
  /** Requests a second. */
  readonly rate: number;
  /** The path of the n-th request. */
  readonly path: (n: number) => string;
  /** Whether an answer is the app's own. */
  readonly isFromApp: (answer: Answer) => boolean;
  /**
   * Seconds after which it stops by itself.
   * @default 120
   */
  readonly most?: number;
  /**
   * More than this at once are not sent but count as lost: the server has stopped answering.
   * @default 500
   */
  readonly atOnce?: number;
}

export interface LoadResult {
  readonly sent: number;
  /** What came instead of an answer of the app's own: its status and body, or the error; and when, in ms. */
  readonly lost: readonly { readonly at: number; readonly path: string; readonly what: string }[];
  /** Answers by their bodies. */
  readonly bodies: ReadonlyMap<string, number>;
  /** Milliseconds from request to complete answer, ascending. */
  readonly times: readonly number[];
}

export interface Load extends AsyncDisposable {
  /** Sends no more and waits for what is under way. */
  stop(): Promise<LoadResult>;
  /** Resolves when a body satisfied `wanted`; rejects when the load ends before. */
  seen(wanted: (body: string) => boolean): Promise<void>;
}

/**
 * Requests at a fixed rate however long the answers take (an open loop), each on a connection of its own, to this
 * machine only.
 */
export function startLoad(options: LoadOptions): Load {
  const { host, port, rate, path, isFromApp, most = 120, atOnce = 500 } = options;
  const started = performance.now();
  const lost: { at: number; path: string; what: string }[] = [];
  const bodies = new Map<string, number>();
  const times: number[] = [];
  const under = new Set<Promise<void>>();
  const watchers = new Set<(body: string) => void>();
  const stopped = new AbortController();
  let sent = 0;

  const send = async (target: string): Promise<void> => {
    const at = performance.now();
    try {
      if (under.size >= atOnce) throw new Error(`${atOnce} requests are unanswered`);
      const answer = await get({ host, port, path: target });
      times.push(performance.now() - at);
      if (!isFromApp(answer)) throw new Error(`${answer.status} ${answer.body.trim()}`);
      bodies.set(answer.body, (bodies.get(answer.body) ?? 0) + 1);
      for (const watcher of watchers) watcher(answer.body);
    } catch (error) {
      lost.push({ at: Math.round(at - started), path: target, what: (error as Error).message });
    }
  };

  const sending = (async () => {
    for (; !stopped.signal.aborted && sent < rate * most; sent++) {
      const wait = started + (sent * 1000) / rate - performance.now();
      if (wait > 0) await sleep(wait, undefined, { signal: stopped.signal }).catch(() => {});
      if (stopped.signal.aborted) break;
      const request = send(path(sent));
      under.add(request);
      request.finally(() => under.delete(request));
    }
    await Promise.all(under);
  })();

  const stop = async (): Promise<LoadResult> => {
    stopped.abort();
    await sending;
    return { sent, lost, bodies, times: times.sort((a, b) => a - b) };
  };
  return {
    stop,
    seen(wanted) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const watcher = (body: string) => wanted(body) && resolve();
      watchers.add(watcher);
      sending.then(() => reject(new Error("the load ended before the answer that was waited for")));
      return promise.finally(() => watchers.delete(watcher));
    },
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}

/** The time that a share (0 to 1) of the requests took at most, in ms. */
export function percentile(times: readonly number[], share: number): number {
  return times[Math.max(0, Math.ceil(times.length * share) - 1)] ?? 0;
}
