import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { CallContext } from "../../engine/src/plugin/contract.ts";
import { scaleService, startProblem } from "../../lib/docker/service.ts";
import {
  type FailingDyno,
  RouterClient,
  type RouterEntry,
  RouterError,
  type Switched,
  type WantedEntry,
} from "../../services/router-client/client.ts";
import { dockerClient } from "../docker/client.ts";
import { lastLines, thawApp, watchContainers } from "../docker/containers.ts";
import { EXITS, exited, failing, notStarted, unlessForced, unproven, withLines } from "./failure.ts";
import { askAsleep } from "./replaced.ts";

/**
 * `no-worse`: an answer; one of 500 or more, or none, only where what is replaced does not answer below. `http`: an answer
 * below 500. `tcp`: an accepted connection.
 */
type HealthCheckType = "no-worse" | "http" | "tcp";

type RouteDyno = { name: string; port: number; dyno: string };

export type RouteInputs = {
  platform: string;
  /** The router's admin socket. */
  socket: string;
  app: string;
  hosts: string[];
  dynos: RouteDyno[];
  /** False: the app has no source. */
  deployed: boolean;
  /** Every request gets a page that says so. */
  maintenance: boolean;
  /** From HTTP to HTTPS. */
  redirect: boolean;
  /** Seconds; 0: nobody is told. */
  hsts: number;
  /** `timeout` in seconds. */
  healthCheck: { type: HealthCheckType; path: string; timeout: number };
  /** Seconds. */
  drain: number;
};

/** Seconds by which Docker may note a line later than the answer that followed it; the next probe comes after that. */
const LOG_LAG_SECONDS = 0.2;

/** At 1, web dynos are taken whatever they answer; with it a change that failed is taken back. */
const FORCE = "DYNOFORM_FORCE";

/** A dyno that keeps the route from switching. */
class DynoFailure extends Error {
  readonly service: string;
  /** Until when its log is of interest, in seconds since 1970; undefined: to the end. */
  readonly until: number | undefined;
  /** What is said after the app's last lines. */
  readonly advice: string;
  constructor(service: string, message: string, { until, advice = "" }: { until?: number; advice?: string } = {}) {
    super(message);
    this.service = service;
    this.until = until;
    this.advice = advice;
  }
}

/**
 * Brings every dyno of a route to one replica, and has the router prove, switch and drain. Fails at once when a new
 * dyno exits three times. On failure the router's entry is what it was, and new dynos are parked at 0. Of dynos that
 * are taken although they answer 500 or more, or nothing, a warning shows the last lines.
 *
 * @returns the entry's revision.
 */
export async function deployRoute(inputs: RouteInputs, call: CallContext): Promise<number> {
  const docker = dockerClient();
  const router = new RouterClient(inputs.socket);
  const serving = await router.get(inputs.app, call.signal);
  // Dynos that nap would answer nobody: neither those that stay, nor those that are asked how they do.
  if (serving?.mode === "napping") await thawApp(docker, inputs.platform, inputs.app);
  const fresh = without(inputs.dynos, serving?.dynos).map(({ name }) => name);
  // Until a dyno's service was read, its service's name stands for it.
  const names = new Map(inputs.dynos.map(({ name }) => [name, `${name} of ${inputs.app}`]));
  try {
    const { revision, failing = [] } = await prove(docker, router, inputs, serving, fresh, names, call);
    const replaces = without(serving?.dynos ?? [], inputs.dynos).length > 0;
    for (const dyno of failing) await warn(docker, inputs, dyno, names, replaces, call);
    return revision;
  } catch (error) {
    if (call.signal.aborted || (error instanceof RouterError && error.error !== "probe")) throw error;
    const failure = error instanceof RouterError ? await explain(docker, inputs, names, error) : error;
    const lines =
      failure instanceof DynoFailure ? await lastLines(docker, failure.service, { until: failure.until }) : [];
    await park(docker, router, inputs.app, fresh, call);
    throw failure instanceof DynoFailure ? new Error(withLines(failure.message, lines) + failure.advice) : failure;
  }
}

/** The router's blocking call, given up when one of the new dynos keeps exiting. */
async function prove(
  docker: Docker,
  router: RouterClient,
  inputs: RouteInputs,
  serving: RouterEntry | undefined,
  fresh: readonly string[],
  names: Map<string, string>,
  call: CallContext,
): Promise<Switched> {
  const { app, dynos, hosts, healthCheck: check, drain, deployed, maintenance, redirect, hsts } = inputs;
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {});
  const exits = new Map<string, number>();
  using _watching = await watchContainers(
    docker,
    fresh,
    ({ action, service, status }) => {
      if (action !== "die") return;
      exits.set(service, (exits.get(service) ?? 0) + 1);
      if (exits.get(service) === EXITS) reject(new DynoFailure(service, exited(names.get(service) ?? service, status)));
    },
    reject,
  );
  await Promise.all(dynos.map(({ name }) => wake(docker, app, name, names)));

  const withdrawn = new AbortController();
  const signal = AbortSignal.any([call.signal, withdrawn.signal]);
  const entry: WantedEntry = { hosts, dynos, check, drain, welcome: !deployed, maintenance, redirect, hsts };
  const put = async () => {
    try {
      return await router.put(app, entry, signal, isForced() ? "fail" : undefined);
    } catch (error) {
      if (!(error instanceof RouterError && error.error === "stopped" && serving !== undefined)) throw error;
      const replaced = without(serving.dynos, dynos).map(({ name }) => name);
      const verdict = await askAsleep(docker, router, serving, replaced, check, { ...call, signal });
      return router.put(app, entry, signal, verdict);
    }
  };
  const proven = put();
  proven.catch(() => {});
  try {
    if (fresh.length > 0) call.log("status", `waiting for ${fresh.map((name) => names.get(name)).join(", ")}`);
    return await Promise.race([proven, failed]);
  } finally {
    withdrawn.abort();
  }
}

async function wake(docker: Docker, app: string, service: string, names: Map<string, string>): Promise<void> {
  const found = await scaleService(docker, service, (replicas) => Math.max(replicas, 1));
  if (!found)
    throw new Error(`${app} has no service ${service}; was it removed outside? Run up once more with --refresh`);
  const dyno = found.labels["dynoform.dyno"];
  if (dyno !== undefined) names.set(service, `${dyno} of ${app}`);
}

/** A failed probe in the words of whoever wrote the app. */
async function explain(
  docker: Docker,
  { app, healthCheck }: RouteInputs,
  names: ReadonlyMap<string, string>,
  { dyno: service, probe, message }: RouterError,
): Promise<Error> {
  if (service === undefined || probe === undefined) return new Error(message);
  const dyno = names.get(service) ?? service;
  const problem = probe.reason === "no_name" ? await startProblem(docker, service) : undefined;
  if (problem !== undefined) return new DynoFailure(service, notStarted(dyno, healthCheck.timeout, problem));
  const until = probe.answered === undefined ? undefined : probe.answered + LOG_LAG_SECONDS;
  const advice = unlessForced(app, probe, healthCheck);
  return new DynoFailure(service, unproven(dyno, probe, healthCheck), { until, advice });
}

/** Says of a dyno that it was taken although it answers 500 or more, or nothing, with its last lines until then. */
async function warn(
  docker: Docker,
  { healthCheck, maintenance }: RouteInputs,
  dyno: FailingDyno,
  names: ReadonlyMap<string, string>,
  replaces: boolean,
  call: CallContext,
): Promise<void> {
  const { name, answered } = dyno;
  const until = answered === undefined ? undefined : answered + LOG_LAG_SECONDS;
  await sleep(Math.max(0, (until ?? 0) * 1000 - Date.now()));
  const lines = await lastLines(docker, name, { until }).catch(() => []);
  const why = isForced() ? "wanted" : maintenance ? "maintenance" : replaces ? "no worse" : "nothing replaced";
  call.log("warning", withLines(failing(names.get(name) ?? name, dyno, healthCheck, why), lines));
}

function isForced(): boolean {
  return process.env[FORCE] === "1";
}

/**
 * Stops the dynos of a failed deployment, so that none keeps crashing until the next one. Asks the router once more:
 * if its answer was lost after the switch, they are the ones that serve.
 */
async function park(
  docker: Docker,
  router: RouterClient,
  app: string,
  fresh: readonly string[],
  call: CallContext,
): Promise<void> {
  try {
    const serving = await router.get(app, call.signal);
    const idle = without(
      fresh.map((name) => ({ name })),
      serving?.dynos,
    );
    await Promise.all(idle.map(({ name }) => scaleService(docker, name, () => 0)));
  } catch (error) {
    call.log("warning", `the new dynos could not be stopped: ${(error as Error).message}`);
  }
}

function without<T extends { readonly name: string }>(
  dynos: readonly T[],
  others: readonly { readonly name: string }[] = [],
): T[] {
  const there = new Set(others.map(({ name }) => name));
  return dynos.filter(({ name }) => !there.has(name));
}
