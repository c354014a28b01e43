/** What Heroku says of dynos, in its words. */

/** Of an app that sleeps Heroku says `down` in its lines, `idle` in `ps`. */
export type DynoState = "starting" | "up" | "idle" | "crashed" | "stopping" | "down";

export const RESTARTING = "Restarting";
export const CYCLING = "Cycling";
export const IDLING = "Idling";
export const NAPPING = "Napping";
export const UNIDLING = "Unidling";
export const STOPPING = "Stopping all processes with SIGTERM";
export const KILLING = "Stopping process with SIGKILL";
export const KILLING_REST = "Stopping remaining processes with SIGKILL";
export const OUT_OF_MEMORY = "Error R14 (Memory quota exceeded)";

/** @param seconds that it had to listen on its port */
export function bootTimeout(seconds: number): string {
  return `Error R10 (Boot timeout) -> Web process failed to bind to $PORT within ${seconds} seconds of launch`;
}

/** @param seconds that it had to end after SIGTERM */
export function exitTimeout(seconds: number): string {
  return `Error R12 (Exit timeout) -> At least one process failed to exit within ${seconds} seconds of SIGTERM`;
}

const STOPPED_FIRST = "the one that runs is stopped before the next starts";

/** @param free bytes; so is `needed` */
export function notEnoughMemory(free: number, needed: number): string {
  const megabytes = (bytes: number) => `${Math.floor(bytes / 2 ** 20)} MB`;
  const why = `${megabytes(free)} of memory are free, and a second process may need ${megabytes(needed)}`;
  return `${why}: ${STOPPED_FIRST}`;
}

/** @param now processes and threads of the dyno @param most that it may have */
export function notEnoughProcesses(now: number, most: number): string {
  return `${now} of ${most} processes and threads run, which leaves no room for as many: ${STOPPED_FIRST}`;
}

export function starting(command: string | undefined): string {
  return command === undefined ? "Starting process" : `Starting process with command \`${command}\``;
}

export function exited(status: number | undefined): string {
  return status === undefined ? "Process exited" : `Process exited with status ${status}`;
}

/** Undefined when both read the same. */
export function stateChanged(from: DynoState, to: DynoState | "complete"): string | undefined {
  const [before, after] = [word(from), word(to)];
  return before === after ? undefined : `State changed from ${before} to ${after}`;
}

function word(state: DynoState | "complete"): string {
  return state === "idle" || state === "stopping" ? "down" : state;
}
