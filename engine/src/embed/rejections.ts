/**
 * Rejections that nobody handles, of programs that run in this process. A program that fails leaves some behind: one
 * for every resource that waits for what could not be made. They are for the SDK, which reports them as the program's,
 * and for nobody else: they must neither end the process nor fail the test that it runs.
 */
import { AsyncLocalStorage } from "node:async_hooks";

type Listener = NodeJS.UnhandledRejectionListener;

const event = "unhandledRejection";

/** The listeners of the program that began what is going on. */
const running = new AsyncLocalStorage<Set<Listener>>();
/** Those of all programs. */
const ofPrograms = new WeakSet<Listener>();
let routed = false;

/**
 * Begins a program; the listeners that it adds at once hear of its own rejections, and of no others.
 *
 * @returns takes them away again: a program that is left before its end does not do it
 */
export function asProgram(begin: () => void): () => void {
  route();
  const own = new Set<Listener>();
  const before = new Set(process.listeners(event));
  running.run(own, begin);
  for (const listener of process.listeners(event)) {
    if (before.has(listener)) continue;
    own.add(listener);
    ofPrograms.add(listener);
  }
  return () => {
    // The SDK has one function listen to both.
    for (const listener of own) for (const name of [event, "uncaughtException"]) process.off(name, listener);
    own.clear();
  };
}

/** From now on a rejection goes to the program that it is of, or to whoever else listens. */
function route(): void {
  if (routed) return;
  routed = true;
  const emit = process.emit as (name: string | symbol, ...args: unknown[]) => boolean;
  process.emit = function (this: NodeJS.Process, name: string | symbol, ...args: unknown[]): boolean {
    if (name !== event) return emit.call(this, name, ...args);
    const [reason, promise] = args as Parameters<Listener>;
    const program = running.getStore();
    const meant = process.listeners(event).filter((it) => (program ? program.has(it) : !ofPrograms.has(it)));
    for (const listener of meant) listener.call(this, reason, promise);
    // Of what nobody hears, Node ends the process.
    return program !== undefined || meant.length > 0;
  } as typeof process.emit;
}
