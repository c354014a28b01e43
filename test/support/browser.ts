import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { canInstall, installPackages } from "../../cli/setup/apt.ts";
import { UserError } from "../../lib/errors.ts";
import { packageRoot } from "../../lib/package-root.ts";

/** Debian's. */
const CHROMIUM = "/usr/bin/chromium";

/** It is to reach nothing but the test's own platform. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Where screenshots are left for whoever looks at a run; not in git. */
const ARTEFACTS = join(packageRoot(), "test", "artefacts");

/** Debian's Chromium with a profile of its own, installed where it is not there. Close it. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    if (!(await canInstall())) throw new UserError("the browser tests need Chromium: apt-get install chromium");
    await installPackages(["chromium"], (line) => process.stderr.write(`${line}\n`));
  }
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** @param name of the file, without its ending */
export async function screenshot(page: Page, name: string): Promise<void> {
  await mkdir(ARTEFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), fullPage: true });
}

/** What a page does to people who cannot see, or click, as others do: one line each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: defined by the script above
    const { violations } = await (globalThis as any).axe.run();
    return violations.flatMap(({ id, nodes }: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`.replaceAll(/\s+/g, " ")),
    );
  });
}

/** What the browser complains about. */
export function watch(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    // A refused form is an answer of 4xx, which the console notes.
    if (message.type() === "error" && !/the server responded with a status of 4/.test(message.text())) {
      problems.push(message.text());
    }
  });
  return problems;
}
