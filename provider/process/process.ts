import type Docker from "dockerode";
import type { CallContext } from "../../engine/src/plugin/contract.ts";
import { findService, scaleService, startProblem } from "../../lib/docker/service.ts";
import { dockerClient } from "../docker/client.ts";
import { containersOf, lastLines, stopService, watchContainers } from "../docker/containers.ts";
import { integer, number, type ResourceDefinition, text } from "../kit/index.ts";
import { EXITS, exited, notStarted, withLines } from "../route/failure.ts";

type Inputs = {
  platform: string;
  app: string;
  service: string;
  dyno: string;
  /** Seconds. */
  settle: number;
  /** Seconds. */
  stopTimeout: number;
};

/** The platform runs two containers of a dyno at most, while one takes the other's place, and that does not take so long. */
const MOST_REPLICAS = 2;
const LONGEST_RESTART_MS = 10 * 60_000;

/** Whether somebody else than the platform scaled a dyno's service. */
export function isScaledByHand(
  { replicas, updatedAt }: { readonly replicas: number; readonly updatedAt: number },
  now = Date.now(),
): boolean {
  return replicas > MOST_REPLICAS || (replicas === MOST_REPLICAS && now - updatedAt > LONGEST_RESTART_MS);
}

/** Seconds for a dyno without a port to begin to run, as web dynos have by default. */
const START_TIMEOUT_SECONDS = 60;

/**
 * The running of a dyno's service. Create waits until the dyno has run for a while without ending; delete stops it
 * and waits until its container is gone, because Docker's own removal of a service returns at once.
 */
export const dynoProcess: ResourceDefinition<Inputs, Inputs> = {
  inputs: {
    platform: text(),
    app: text(),
    service: text(),
    dyno: text(),
    settle: number(),
    stopTimeout: integer({ min: 1 }),
  },
  computed: [],
  replaceOn: ["platform", "app", "service", "dyno"],
  async changed({ inputs }) {
    const service = await findService(dockerClient(), inputs.service);
    return service !== undefined && isScaledByHand(service) ? ["settle"] : [];
  },
  async create(inputs, call) {
    if (inputs.settle > 0) await start(inputs, call);
    return { id: inputs.service, outputs: inputs };
  },
  async update(_state, news) {
    const docker = dockerClient();
    const service = await findService(docker, news.service);
    // A restart that began since goes on.
    if (service !== undefined && isScaledByHand(service)) {
      await scaleService(docker, news.service, (replicas) => (replicas >= MOST_REPLICAS ? 1 : replicas));
    }
    return news;
  },
  async delete({ inputs }, call) {
    await stopService(dockerClient(), inputs.service, inputs.stopTimeout, call.signal);
  },
};

/** Brings the dyno to one replica and waits until it has run for `settle` seconds; parks it when it does not. */
async function start(inputs: Inputs, call: CallContext): Promise<void> {
  const docker = dockerClient();
  const { app, dyno, service, settle } = inputs;
  try {
    await running(docker, inputs, call.signal);
  } catch (error) {
    if (call.signal.aborted) throw error;
    const lines = await lastLines(docker, service);
    await scaleService(docker, service, () => 0);
    throw new Error(withLines(`${(error as Error).message}. The web dynos of this deployment serve already`, lines));
  }
  call.log("debug", `${dyno} of ${app} has run for ${settle} seconds`);
}

function running(docker: Docker, inputs: Inputs, signal: AbortSignal): Promise<void> {
  const { app, dyno, service, settle } = inputs;
  const name = `${dyno} of ${app}`;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cleanUp = new DisposableStack();
  let exits = 0;
  let settled: NodeJS.Timeout | undefined;

  const begin = () => {
    clearTimeout(settled);
    settled = setTimeout(resolve, settle * 1000);
  };
  const timeout = setTimeout(
    async () => reject(new Error(notStarted(name, START_TIMEOUT_SECONDS, await startProblem(docker, service)))),
    (START_TIMEOUT_SECONDS + settle) * 1000,
  );
  cleanUp.defer(() => clearTimeout(timeout));
  cleanUp.defer(() => clearTimeout(settled));
  const abort = () => reject(new Error("cancelled"));
  signal.addEventListener("abort", abort);
  cleanUp.defer(() => signal.removeEventListener("abort", abort));

  const watch = async () => {
    const watching = await watchContainers(
      docker,
      [service],
      ({ action, status }) => {
        if (action === "start") begin();
        if (action !== "die") return;
        clearTimeout(settled);
        if (++exits === EXITS) reject(new Error(exited(name, status)));
      },
      reject,
    );
    cleanUp.use(watching);
    if (!(await scaleService(docker, service, (replicas) => Math.max(replicas, 1)))) {
      throw new Error(`${name} has no service ${service}; was it removed outside? Run up once more with --refresh`);
    }
    const containers = await containersOf(docker, service);
    if (exits === 0 && settled === undefined && containers.some(({ State }) => State === "running")) begin();
  };
  watch().catch(reject);
  return promise.finally(() => cleanUp.dispose());
}
