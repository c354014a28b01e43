import { readdirSync, readFileSync } from "node:fs";

/** Collects the command lines of all processes, some fifty times a second, until stopped. */
export function watchProcesses(): { stop(): string[] } {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
      } catch {
        // ended while we looked
      }
    }
  }, 20);
  return {
    stop() {
      clearInterval(timer);
      return [...seen];
    },
  };
}
