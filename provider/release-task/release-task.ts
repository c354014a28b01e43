import { join } from "node:path";
import type { CallContext } from "../../engine/src/plugin/contract.ts";
import { messageOf } from "../../lib/errors.ts";
import { openRecord } from "../build/record.ts";
import { dockerClient } from "../docker/client.ts";
import { oneOffName, oneOffSpec, removeOneOff, runOneOff } from "../docker/one-off.ts";
import { anyText, integer, list, map, object, type ResourceDefinition, text } from "../kit/index.ts";
import { withLines } from "../route/failure.ts";

type Inputs = {
  platform: {
    name: string;
    directory: string;
    routerAddress: string;
    postgresAddress: string;
    egress: string[];
    networkName: string;
  };
  app: string;
  /** As Heroku writes it: `release.1234`. */
  dyno: string;
  /** Docker's id. */
  image: string;
  /** Of the source tree, hex SHA-256. */
  digest: string;
  command: string;
  environment: { [name: string]: string };
  /** `memory` in bytes; `nanoCpus` 0: as many cores as there are. */
  size: { name: string; memory: number; nanoCpus: number; processes: number; concurrency: number };
};

type Outputs = Inputs & {
  /** The id of the folder with what it wrote, in `release-tasks` of the runtime directory. */
  record: string;
};

/** Seconds, as on Heroku. */
const TIMEOUT_SECONDS = 3600;

/**
 * The run of an app's release phase command, once, in a fresh container that is hardened like a dyno. Named by what it
 * runs with, so a new name is a new run; what else changes of it runs nothing. When the process that runs it is killed,
 * the next deployment runs it again.
 */
export const releaseTask: ResourceDefinition<Inputs, Outputs> = {
  inputs: {
    platform: object({
      name: text(),
      directory: text(),
      routerAddress: text(),
      postgresAddress: text(),
      egress: list(text()),
      networkName: text(),
    }),
    app: text(),
    dyno: text(),
    image: text(),
    digest: text(),
    command: text(),
    environment: map(anyText()),
    size: object({
      name: text(),
      memory: integer(),
      nanoCpus: integer(),
      processes: integer(),
      concurrency: integer(),
    }),
  },
  computed: ["record"],
  replaceOn: [],
  async create(inputs, call) {
    const record = await run(inputs, call);
    return { id: oneOffName(inputs.platform.name, inputs.app, inputs.dyno), outputs: { ...inputs, record } };
  },
  async update({ outputs }, news) {
    return { ...news, record: outputs.record };
  },
  async recover({ platform, app, dyno }) {
    await removeOneOff(dockerClient(), oneOffName(platform.name, app, dyno));
    return undefined;
  },
};

/** @returns the id of the record */
async function run(inputs: Inputs, call: CallContext): Promise<string> {
  const { platform, app, dyno, image, command, environment } = inputs;
  const { nanoCpus, ...size } = inputs.size;
  const record = await openRecord(join(platform.directory, "release-tasks"), app, inputs.digest);
  const say = (line: string) => {
    record.log(line);
    call.log("info", line);
  };
  const spec = oneOffSpec({
    platform,
    app,
    dyno,
    type: "release",
    image,
    command,
    environment,
    size: { ...size, nanoCpus: nanoCpus || undefined },
    tty: false,
    stdin: false,
  });
  try {
    say(`-----> Running the release command: ${command}`);
    const { status, outOfMemory, last } = await runOneOff(dockerClient(), spec, {
      timeout: TIMEOUT_SECONDS,
      signal: call.signal,
      line: (line) => say(`       ${line}`),
    }).catch((error: Error) => {
      throw new Error(`the release command of ${app} could not be run to its end: ${error.message}`);
    });
    if (status !== 0) throw new Error(withLines(failure(app, status, outOfMemory), last));
    await record.close({ result: "succeeded", image });
    return record.id;
  } catch (error) {
    const reason = messageOf(error);
    const [first = reason] = reason.split("\n");
    await record.close({ result: call.signal.aborted ? "cancelled" : "failed", error: first });
    throw call.signal.aborted ? new Error(`the release command of ${app} was cancelled`) : error;
  }
}

function failure(app: string, status: number, outOfMemory: boolean): string {
  const reason = outOfMemory ? " (killed: it needed more memory than its dyno has)" : "";
  return `the release command of ${app} failed with exit status ${status}${reason}, so what served before serves on`;
}
