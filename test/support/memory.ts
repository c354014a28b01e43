import { readFile } from "node:fs/promises";
import type { TestPlatform } from "./platform.ts";

/** What the processes of one of the platform's containers use, each shared page in equal parts (PSS), in MB. */
export async function memoryOf(platform: TestPlatform, part: string): Promise<number> {
  const container = platform.docker.getContainer(`${platform.name}-${part}`);
  const { Titles, Processes } = await container.top({ ps_args: "-eo pid,comm" });
  const column = Titles.indexOf("PID");
  let kilobytes = 0;
  for (const process of Processes) {
    const rollup = await readFile(`/proc/${process[column]}/smaps_rollup`, "utf8").catch(() => "");
    kilobytes += Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
  }
  if (kilobytes === 0) throw new Error(`the memory of ${part} cannot be read`);
  return (kilobytes * 1024) / 1e6;
}
