import { UserError } from "../../lib/errors.ts";
import { platformsOf } from "../../model/stack/project.ts";
import { changed, type Outcome } from "../../services/stacks/engine.ts";
import { guardedUp } from "../../services/stacks/plan/guard.ts";
import { firstAdmin } from "../first-admin.ts";
import { findLostParts } from "../lost-parts.ts";
import { refuseUnknown } from "../owner.ts";
import { untilServing } from "../serving.ts";
import { setup } from "../setup/setup.ts";
import { type Say, Steps } from "../steps.ts";
import type { Command } from "./command.ts";

export const upCommand: Command = {
  summary: "set up what is missing, then bring up the platform and every app",
  help: `Usage: dynoform up

Does what \`dynoform setup\` does, then runs \`pulumi up\` for each stack file of this project: the
platform's first, then every app's, then those of links to GitHub, which keep nothing else from coming up when they
fail, and of pipelines. A second run changes nothing. A platform without an admin gets one, whose e-mail address and password are shown
once.
`,
  options: {},
  async run() {
    const steps = new Steps();
    const { project, docker, engine, files, empty } = await setup({ directory: process.cwd(), steps });
    const stacks = files.filter((file) => file.kind !== "other");
    if (stacks.length === 0) {
      throw new UserError(
        "no stack file declares a platform or an app. A program of your own is run with `npx pulumi up`.",
      );
    }
    const outcomes = new Map<string, Outcome>();
    const failed: string[] = [];
    for (const file of stacks) {
      const { stack } = file;
      const up = async (say: Say) => {
        const platform = file.kind === "platform" ? platformsOf([file])[0] : undefined;
        if (platform === undefined) return guardedUp(engine, project.directory, stack);
        const own = { name: platform.name, stack };
        if (empty.has(stack)) await refuseUnknown(docker, own);
        return guardedUp(engine, project.directory, stack, await findLostParts(docker, engine, own, say));
      };
      // Apps need no GitHub to run.
      const tolerant = (say: Say) =>
        up(say).catch((error: unknown) => {
          if (file.kind !== "github" || !(error instanceof UserError)) throw error;
          failed.push(`${stack} is not up, all else is: ${error.message.split("\n", 1)[0]}`);
          return undefined;
        });
      const outcome = await steps.run(`pulumi up --stack ${stack}`, tolerant, (done) =>
        done ? describe(done) : "failed",
      );
      if (outcome !== undefined) outcomes.set(stack, outcome);
    }
    process.stdout.write(`\n${report(outcomes)}\n${steps.table()}`);
    // Where no file declares one, that of another project serves the apps.
    const platforms = files.some(({ kind }) => kind === "platform") ? platformsOf(files) : [];
    for (const platform of platforms) {
      await untilServing(platform);
      const says = await firstAdmin(platform);
      if (says !== "") process.stdout.write(`\n${says}`);
    }
    if (failed.length > 0) throw new UserError(failed.join("\n"));
  },
};

function describe(outcome: Outcome): string {
  const count = changed(outcome);
  return `${count} ${count === 1 ? "change" : "changes"}`;
}

/** What was made, and where the apps answer. */
export function report(outcomes: ReadonlyMap<string, Outcome>): string {
  const total = [...outcomes.values()].reduce((sum, outcome) => sum + changed(outcome), 0);
  const lines = [`${total} ${total === 1 ? "change" : "changes"}`];
  for (const [stack, { steps }] of outcomes) {
    for (const { op, type, name } of steps) {
      lines.push(`    ${stack}: ${op} ${shortType(type)} ${name}`);
    }
  }
  for (const [stack, { outputs }] of outcomes) {
    if (typeof outputs.url === "string") lines.push(`${stack} answers at ${outputs.url}`);
  }
  return `${lines.join("\n")}\n`;
}

/** `docker:index/network:Network` reads as `docker:Network`. */
function shortType(type: string): string {
  const parts = type.split(":");
  return `${parts[0]}:${parts.at(-1)}`;
}
