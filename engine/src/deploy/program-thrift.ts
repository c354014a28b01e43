/**
 * What Pulumi's SDK does for each resource and nobody reads: two thirds of the time of a program with many. It is
 * replaced among the exports of the SDK's modules, by which they call one another.
 */

/** The SDK's `runtime/debuggable`. */
interface Debuggable {
  readonly debugPromiseLeaks: boolean;
  debuggablePromise(promise: Promise<unknown>, context: unknown): Promise<unknown>;
}

/** The SDK's `log`. */
export interface Log {
  debug(message: string, ...more: readonly unknown[]): Promise<void>;
}

/** Takes no stack trace of each promise, unless those are wanted that leak: no others are printed. */
export function traceNoPromises(debuggable: Debuggable): void {
  const { debugPromiseLeaks, debuggablePromise } = debuggable;
  if (debugPromiseLeaks) return;
  debuggable.debuggablePromise = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}

/** Sends no messages for debugging, of which each resource has five, to an engine that drops them. */
export function logNoDebugging(log: Log): void {
  log.debug = async () => {};
}
