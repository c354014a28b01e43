import type Docker from "dockerode";

/** Milliseconds: a dockerd that was killed answers again after a few seconds, its swarm a little later. */
const ENGINE_START_MS = 30_000;
const RETRY_MS = 100;

/** What a swarm that is being started says; nothing was done then. */
const NOT_YET =
  /does not have a leader|manager is being prepared|has trouble connecting to the cluster|when swarm is not active/i;
/** What may also be said of something that was done. */
const PERHAPS_DONE = /code = (Unavailable|DeadlineExceeded)|context deadline exceeded|lost leadership|leader status/i;

/** What docker-modem is asked, as far as it matters here. */
interface Request {
  readonly method: string;
  readonly file?: unknown;
  readonly hijack?: boolean;
  readonly openStdin?: boolean;
  readonly abortSignal?: AbortSignal;
}

interface Failure {
  readonly message: string;
  readonly statusCode?: number;
  readonly code?: string;
}

type Dial = (request: Request, answer: (error: Failure | null, ...rest: unknown[]) => void) => void;

/**
 * Makes a client wait for an engine that is being started again, up to half a minute: for its swarm, and for its
 * socket too if the engine has answered before. Calls are made again when they did nothing, or only read.
 *
 * @param patience milliseconds
 */
export function patient(docker: Docker, patience = ENGINE_START_MS): Docker {
  const modem = docker.modem as unknown as { dial: Dial };
  const dial = modem.dial.bind(modem);
  let known = false;
  modem.dial = (request, answer) => {
    const end = performance.now() + patience;
    const attempt = () =>
      // A copy, since the client writes into it.
      dial({ ...request }, (error, ...rest) => {
        known ||= error === null || error.statusCode !== undefined;
        if (error !== null && isPassing(error, request, known) && performance.now() < end) {
          setTimeout(attempt, RETRY_MS);
        } else answer(error, ...rest);
      });
    attempt();
  };
  return docker;
}

/** Whether the same call may succeed in a moment, and may be made again. */
function isPassing({ message, statusCode, code = "" }: Failure, request: Request, known: boolean): boolean {
  if (request.abortSignal?.aborted || request.file !== undefined || request.hijack || request.openStdin) return false;
  const reads = request.method === "GET" || request.method === "HEAD";
  if (statusCode !== undefined) {
    return statusCode >= 500 && (NOT_YET.test(message) || (reads && PERHAPS_DONE.test(message)));
  }
  if (!known) return false;
  // Nothing of the call arrived whole, or only its answer may have been lost.
  return ["ECONNREFUSED", "ENOENT", "EPIPE"].includes(code) || (reads && code === "ECONNRESET");
}
