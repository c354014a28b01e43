import { readFile } from "node:fs/promises";
import { isRecord } from "../../lib/validation/readers.ts";

const DAEMON_SETTINGS = "/etc/docker/daemon.json";

/** What to do where Docker keeps containers without a daemon: it then refuses every swarm, at its own start too. */
export const LIVE_RESTORE_ADVICE =
  `Docker's live-restore and a swarm exclude each other, and dynos need the swarm. Remove "live-restore" from ${DAEMON_SETTINGS} ` +
  "(or --live-restore from dockerd's options), restart Docker (`sudo systemctl restart docker`), and repeat the command.";

/** Whether the machine's daemon is told to, which keeps it from starting once it is in a swarm. */
export async function isLiveRestoreSet(file = DAEMON_SETTINGS): Promise<boolean> {
  try {
    const settings: unknown = JSON.parse(await readFile(file, "utf8"));
    return isRecord(settings) && settings["live-restore"] === true;
  } catch {
    // No file, or one that dockerd will complain of itself.
    return false;
  }
}
