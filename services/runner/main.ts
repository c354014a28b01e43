/**
 * One run of Pulumi in the runner, started with `docker exec` by the control plane and independent of it from then on.
 *
 * Usage: node services/runner/main.ts FOLDER
 */

import { closeSync, openSync, utimesSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf, UserError } from "../../lib/errors.ts";
import { Engine, type Outcome, PulumiError } from "../stacks/engine.ts";
import { pulumiReason } from "../stacks/reasons.ts";
import { isAbandonedLock } from "./locks.ts";
import { perform } from "./perform.ts";
import { HEARTBEAT_MS, LOG, RECORD, REQUEST, type RunRecord, type RunRequest, readRun, writeRun } from "./run.ts";

const folder = process.argv[2] ?? "";
const request = await readRun<RunRequest>(join(folder, REQUEST));
if (request === undefined) throw new UserError(`there is no ${REQUEST} in ${folder}`);
const { project, user, description, force = false } = request;

const startedAt = Date.now();
const record = join(folder, RECORD);
await writeRun(record, { state: "running", startedAt });
// Whoever follows the run sees that it lives, even when Docker has forgotten it.
const heart = setInterval(() => utimesSync(record, new Date(), new Date()), HEARTBEAT_MS);
const log = openSync(join(folder, LOG), "a", 0o600);
const engine = new Engine({
  directory: project,
  env: { DYNOFORM_USER: user, DYNOFORM_DESCRIPTION: description, DYNOFORM_FORCE: force ? "1" : undefined },
  display: (text) => void writeSync(log, text),
});

let result: RunRecord;
try {
  result = { state: "succeeded", startedAt, endedAt: Date.now(), outcome: await deploy(request) };
} catch (error) {
  const reason = pulumiReason(error);
  result = { state: "failed", startedAt, endedAt: Date.now(), message: messageOf(error), ...(reason && { reason }) };
}
clearInterval(heart);
closeSync(log);
await writeRun(record, { ...result, endedAt: Date.now() });

async function deploy(run: RunRequest): Promise<Outcome> {
  try {
    return await perform(engine, run);
  } catch (error) {
    if (!(error instanceof PulumiError) || !isAbandonedLock(error.output)) throw error;
    writeSync(log, "The process that held the lock has ended: pulumi cancel\n");
    await engine.run(["cancel", run.stack, "--yes"]);
    return perform(engine, run);
  }
}
