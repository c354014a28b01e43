import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readRecord } from "../../../provider/build/record.ts";

/**
 * Finds the record of the release command that ran for a release of an app: the last that succeeded before it.
 *
 * @param folder `release-tasks` of the platform's folder
 * @param after when the release before was made, in milliseconds since 1970
 * @returns undefined: there was none, or it is not kept
 */
export async function findReleaseCommand(
  folder: string,
  app: string,
  after: number,
  before: number,
): Promise<string | undefined> {
  const ids = (await readdir(folder).catch(() => [])).filter((id) => id > idAt(after) && id < idAt(before + 1)).sort();
  for (const id of ids.reverse()) {
    const record = await readRecord(folder, id);
    if (record?.app === app && record.result === "succeeded" && Date.parse(record.end ?? "") <= before) return id;
  }
  return undefined;
}

export async function releaseCommandOutput(folder: string, id: string): Promise<string> {
  return readFile(join(folder, id, "log"), "utf8").catch(() => "");
}

/** What the ids of records begin with. */
function idAt(time: number): string {
  return new Date(time).toISOString().replace(/[-:.]/g, "");
}
