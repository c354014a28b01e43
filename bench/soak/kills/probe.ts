import { setTimeout as sleep } from "node:timers/promises";
import { get } from "../../../test/support/http.ts";

/** Milliseconds beyond which an answer shows that the app was not served for a while. */
const LATE = 1000;

/** A request of a probe; times in milliseconds of `performance.now()`. */
interface Asked {
  readonly sent: number;
  readonly ended: number;
  /** What was wrong; undefined: the app answered. */
  readonly wrong: string | undefined;
}

interface Seen {
  readonly sent: number;
  /** What was wrong with those that the app did not answer. */
  readonly lost: readonly string[];
  /** Until when, after `from`, answers were wrong or late; 0: all was well. */
  readonly servedAgain: (from: number) => number;
}

interface Probe extends AsyncDisposable {
  stop(): Promise<Seen>;
}

/** Asks an app `rate` times a second, however long its answers take. */
export function startProbe(app: string, port: number, rate: number, path: string): Probe {
  const asked: Asked[] = [];
  const under = new Set<Promise<void>>();
  const stopped = new AbortController();
  const started = performance.now();
  const ask = async () => {
    const sent = performance.now();
    const wrong = await get({ host: `${app}.localhost`, port, path }).then(
      ({ status, body }) => (status === 200 ? undefined : `${path}: ${status} ${body.slice(0, 80)}`),
      (error: Error) => `${path}: ${error.message}`,
    );
    asked.push({ sent, ended: performance.now(), wrong });
  };
  const sending = (async () => {
    for (let n = 0; !stopped.signal.aborted; n++) {
      const wait = started + (n * 1000) / rate - performance.now();
      if (wait > 0) await sleep(wait, undefined, { signal: stopped.signal }).catch(() => {});
      const request = ask();
      under.add(request);
      request.finally(() => under.delete(request));
    }
    await Promise.all(under);
  })();
  const stop = async (): Promise<Seen> => {
    stopped.abort();
    await sending;
    return {
      sent: asked.length,
      lost: asked.map(({ wrong }) => wrong).filter((wrong) => wrong !== undefined),
      servedAgain: (from) => {
        const bad = asked.filter(({ sent, ended, wrong }) => wrong !== undefined || ended - sent > LATE);
        return Math.max(0, ...bad.map(({ ended }) => ended - from));
      },
    };
  };
  return {
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
