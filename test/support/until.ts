import { setTimeout as sleep } from "node:timers/promises";

/** Asks again every 50 ms until the answer is yes; after `seconds` it fails and says what it waited for. */
export async function until(what: string, asked: () => Promise<boolean>, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await asked())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s: ${what}`);
    await sleep(50);
  }
}
