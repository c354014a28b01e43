import type Docker from "dockerode";

interface WaitOptions {
  /** Docker events that may have changed the answer, as in `docker events --filter`. */
  readonly filters: Record<string, readonly string[]>;
  /** Milliseconds after which it gives up. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Milliseconds between looks without an event: tasks and Swarm's own housekeeping send none. */
  readonly interval?: number;
}

/** Looks at once and after every event until `look` has an answer; undefined when there was none in time. */
export async function waitUntil<T>(
  docker: Docker,
  look: () => Promise<T | undefined>,
  { filters, timeout, signal, interval = 5_000 }: WaitOptions,
): Promise<T | undefined> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeout)]);
  const stop = new AbortController();
  // Listening begins before the first look, so that nothing can happen in between unseen.
  const events = await docker.getEvents({
    filters: JSON.stringify(filters),
    abortSignal: AbortSignal.any([deadline, stop.signal]),
  });
  let changed = Promise.withResolvers<void>();
  const wake = () => changed.resolve();
  const timer = setInterval(wake, interval);
  events.on("data", wake);
  // The stream ends with an error when it is aborted; the timer goes on looking if the daemon closed it.
  events.on("error", () => {});
  deadline.addEventListener("abort", wake, { once: true });
  try {
    for (;;) {
      changed = Promise.withResolvers<void>();
      const answer = await look();
      if (answer !== undefined) return answer;
      if (signal.aborted) throw new Error("cancelled");
      if (deadline.aborted) return undefined;
      await changed.promise;
    }
  } finally {
    clearInterval(timer);
    deadline.removeEventListener("abort", wake);
    stop.abort();
  }
}
