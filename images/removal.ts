import type Docker from "dockerode";

/** Disposed, an abort has no effect any more. */
interface Removal extends Disposable {
  /** Removes the container, running or not; a second time waits for the first. */
  readonly remove: () => Promise<void>;
}

/** The removal of a container that does one thing, which an abort of that begins. */
export function removalOf(container: Docker.Container, signal: AbortSignal): Removal {
  let removal: Promise<void> | undefined;
  const remove = () => {
    removal ??= container.remove({ force: true, v: true }).catch(() => {});
    return removal;
  };
  const abort = () => void remove();
  signal.addEventListener("abort", abort, { once: true });
  return { remove, [Symbol.dispose]: () => signal.removeEventListener("abort", abort) };
}
