import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { messageOf, UserError } from "../../../lib/errors.ts";
import type { KnownDyno } from "./docker-dynos.ts";
import { isUnrouted, probeFailure, type RouterPort } from "./router-port.ts";
import type { DynoService, DynoServices } from "./services.ts";
import { type DynoStates, EXIT_TIMEOUT_SECONDS } from "./states.ts";
import { terminate } from "./terminate.ts";
import type { DynoWatcher } from "./watch.ts";

interface BesideArgs {
  readonly docker: Docker;
  readonly watcher: DynoWatcher;
  readonly services: DynoServices;
  readonly states: DynoStates;
  readonly router: RouterPort;
  /**
   * Seconds a dyno has to end after SIGTERM.
   * @default 30
   */
  readonly exitTimeout?: number;
}

/** Milliseconds for Swarm to start a container, and to see that one has ended. */
const SWARM_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 20;

/** A dyno's container with an address that can be told to the router. */
export type Reachable = KnownDyno & { readonly address: string };

/**
 * Restarts a web dyno without anybody waiting for it: a second container starts beside the one that serves; when it
 * answers, new requests go there; when the old one has answered its own, it ends.
 *
 * @param reason as the log says it
 * @throws when the new one does not serve; then the old one goes on
 */
export async function restartBeside(
  args: BesideArgs,
  service: DynoService,
  old: Reachable,
  reason: string,
): Promise<void> {
  const { router, states, services, watcher } = args;
  const { app, name, dyno } = service;
  await router.beside(app, name, { state: "keep", at: old.address });
  states.beside(slotOf(service), reason, old.container);
  let fresh: Reachable;
  try {
    const late = AbortSignal.timeout(SWARM_TIMEOUT_MS);
    const starting = another(watcher, name, old.container, late);
    starting.catch(() => {});
    await services.double(name);
    fresh = await starting;
    await moveTo(args, service, fresh);
  } catch (error) {
    const why = `its new process ${reasonOf(error)}`;
    await stayAt(args, service, old, `Restart failed: ${why}`);
    throw new UserError(`${dyno} of ${app} was not restarted: ${why}, and the one before goes on; its log tells why`);
  }
  await leaveOld(args, service, fresh);
}

/**
 * Ends a restart that was cut off, by a crash of Docker or of the control plane: forward if the new container serves.
 * Of a dyno with one container nothing is left to do but to say so to Swarm and the router.
 */
export async function endBeside(args: BesideArgs, service: DynoService): Promise<void> {
  const { watcher, states } = args;
  const running = watcher.running(service.name).sort((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0));
  const [old, fresh] = [running[0], running.at(-1)];
  if (old === undefined || fresh === undefined || old === fresh || !isReachable(fresh)) {
    await stayAt(args, service, fresh);
    return;
  }
  states.besideAgain(slotOf(service), old.container);
  try {
    await moveTo(args, service, fresh);
  } catch (error) {
    await stayAt(args, service, old, `Restart failed: its new process ${reasonOf(error)}`);
    return;
  }
  await leaveOld(args, service, fresh);
}

export function isReachable(dyno: KnownDyno | undefined): dyno is Reachable {
  return dyno?.address !== undefined;
}

/** The new process of a restart ended. */
class Crashed extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof Crashed) return "crashed";
  const failure = probeFailure(error);
  if (failure === "refused" || failure === "no_name") return "did not listen on $PORT in time";
  if (failure === "no_answer") return "gave no answer in time";
  if (failure !== undefined) return "answered with an error where the one before does not";
  return `did not come up (${messageOf(error)})`;
}

/** Resolves with the container that is started beside one. */
function another(watcher: DynoWatcher, service: string, old: string, late: AbortSignal): Promise<Reachable> {
  const { promise, resolve, reject } = Promise.withResolvers<Reachable>();
  const listening = watcher.on(({ kind, dyno }) => {
    if (dyno.service !== service || dyno.container === old) return;
    if ((kind === "started" || kind === "found") && isReachable(dyno)) resolve(dyno);
    if (kind === "ended") reject(new Crashed());
  });
  late.addEventListener("abort", () => reject(new Error("Swarm started none")));
  return promise.finally(() => listening[Symbol.dispose]());
}

/** Resolves when the new container answers and has the dyno's new requests. */
async function moveTo({ watcher, router }: BesideArgs, { app, name }: DynoService, fresh: Reachable): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  using _listening = watcher.on(({ kind, dyno }) => {
    if (dyno.container === fresh.container && kind !== "started" && kind !== "found") reject(new Crashed());
  });
  const ended = !watcher.running(name).some(({ container }) => container === fresh.container);
  if (ended) throw new Crashed();
  await Promise.race([promise, router.beside(app, name, { state: "move", at: fresh.address })]);
}

/** The new container serves: the old one answers what it has, and ends. */
async function leaveOld(args: BesideArgs, service: DynoService, fresh: Reachable): Promise<void> {
  const { router, states, services, watcher } = args;
  const { app, name } = service;
  states.movedTo(slotOf(service), fresh.container);
  try {
    await services.double(name, { held: true });
    await whileRouted(router.beside(app, name, { state: "drain" }));
    await keepOnly(args, name, fresh.container);
    await whileRouted(router.beside(app, name, { state: "alone" }));
  } finally {
    // Also when Docker went away: what happens next is the dyno's own again.
    const now = watcher.running(name).at(-1);
    if (now?.container === fresh.container) states.alone(slotOf(service));
    else states.stayedAt(slotOf(service), now, undefined);
  }
}

/** The dyno goes on with one container; undefined: with the next that Swarm starts. */
async function stayAt(
  args: BesideArgs,
  service: DynoService,
  wanted: KnownDyno | undefined,
  why?: string,
): Promise<void> {
  const { router, states, watcher } = args;
  const { app, name } = service;
  const running = watcher.running(name);
  // It may have ended meanwhile; then any other is better than none.
  const kept = running.find(({ container }) => container === wanted?.container) ?? running.at(-1);
  try {
    if (kept !== undefined && kept.container === wanted?.container && isReachable(kept))
      await whileRouted(router.beside(app, name, { state: "keep", at: kept.address }));
    await keepOnly(args, name, kept?.container);
    await whileRouted(router.beside(app, name, { state: "alone" }));
  } finally {
    states.stayedAt(slotOf(service), kept, why);
  }
}

/**
 * Ends all containers of a service but one. Swarm would start another in the place of each, and choose for itself which
 * of two it stops: so it is told first to start none beside the one, and has one replica when it has seen the end.
 */
async function keepOnly(args: BesideArgs, service: string, kept: string | undefined): Promise<void> {
  const { docker, watcher, services, exitTimeout = EXIT_TIMEOUT_SECONDS } = args;
  const runs = () => kept !== undefined && watcher.running(service).some(({ container }) => container === kept);
  const until = performance.now() + SWARM_TIMEOUT_MS + exitTimeout * 1000;
  if (runs() && !(await services.double(service, { held: true }))) return;
  while (runs()) {
    const others = watcher.running(service).filter(({ container }) => container !== kept);
    await Promise.all(others.map((other) => terminate(docker, watcher, other, exitTimeout)));
    const tasks = await services.tasks(service);
    if (others.length === 0 && tasks.size === 1 && tasks.has(kept ?? "")) break;
    if (performance.now() > until) throw new Error(`Swarm does not see that a container of ${service} has ended`);
    await sleep(LOOK_EVERY_MS);
  }
  await services.alone(service);
}

/** An `up` may have taken the dyno out of the table. */
async function whileRouted(told: Promise<unknown>): Promise<void> {
  try {
    await told;
  } catch (error) {
    if (!isUnrouted(error)) throw error;
  }
}

function slotOf(service: DynoService) {
  return { ...service, service: service.name };
}
