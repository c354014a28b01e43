import { messageOf, traceOf, UserError } from "../../../lib/errors.ts";
import type { Apps } from "../apps/apps.ts";
import type { LogSink } from "../types.ts";
import { BuildLog } from "./build-log.ts";
import type { Say } from "./deploy-commit.ts";
import { type DeployCommit, DeployFailed } from "./deploy-commit.ts";

export interface DeployOptions {
  readonly apps: Pick<Apps, "change">;
  readonly log: LogSink;
  /** The platform's folder. */
  readonly directory: string;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** Deploys commits by the apps' stack files, and shows what the build says, as Heroku shows it. */
export function deployer({ apps, log, directory, report }: DeployOptions): DeployCommit {
  return async ({ name }, commit, user, say) => {
    const description = `Deploy ${commit.slice(0, 7)}`;
    const tell = (text: string) => log.write(name, { source: "app", process: "api", text });
    tell(`Build started by user ${user}`);
    let built: string | undefined;
    let launching = false;
    const launch = () => {
      if (!launching) say("-----> Launching...");
      launching = true;
    };
    const folders = ["builds", "release-tasks"].map((part) => `${directory}/${part}`);
    const builds = new BuildLog({
      folders,
      app: name,
      say,
      ended({ result }) {
        built ??= result;
        if (result === "succeeded") launch();
      },
    });
    let told = 0;
    const explainTo = (reasons: readonly string[]) => {
      const [first = "", ...more] = reasons;
      if (told === 0) {
        say("");
        // What the build wrote last has been shown.
        show(built === "failed" ? [first.replace(/\. The last lines:$/, "")] : [first, ...more], say);
      } else show(reasons.slice(told), say);
      told = reasons.length;
    };
    // To put everything back takes as long as to deploy; the reason is known before.
    const failed = async (reason: string) => {
      await builds[Symbol.asyncDispose]();
      explainTo(reason.split("\n"));
      say(`       Putting ${name} back as it was...`);
    };
    try {
      const { outputs, steps, warnings } = await apps
        .change(name, { user, description }, (file) => file.source({ commit }), { failed })
        .finally(() => builds[Symbol.asyncDispose]());
      launch();
      const release = typeof outputs.release === "number" ? outputs.release : undefined;
      const made = steps.some(({ type }) => type === "dyno:index:Release") ? release : undefined;
      tell(`${description} by user ${user}`);
      if (made !== undefined) {
        tell(`Release v${made} created by user ${user}`);
        say(`       Released v${made}`);
      } else say(`       Nothing has changed${release === undefined ? "" : `: v${release} runs this already`}`);
      if (typeof outputs.url === "string") say(`       ${outputs.url} deployed to Dynoform`);
      for (const lines of warnings.map((warning) => `Warning: ${warning}`.split("\n"))) {
        say("");
        show(lines, say);
        for (const line of lines) tell(line);
      }
      say("");
      say("Verifying deploy... done.");
      tell("Build succeeded");
      return made;
    } catch (error) {
      const reasons = explain(error, report);
      const [first = "it could not be done", ...more] = reasons;
      for (const line of [`${description} by user ${user} failed: ${first}`, ...more]) tell(line);
      explainTo(reasons);
      throw new DeployFailed(built === "failed" ? "build failed" : "deploy failed", { cause: error });
    }
  };
}

function explain(error: unknown, report: (problem: string) => void): string[] {
  if (error instanceof UserError) return messageOf(error).split("\n");
  report(`a deploy: ${traceOf(error)}`);
  return ["something is wrong with the control plane; its log says more"];
}

function show(reasons: readonly string[], say: Say): void {
  for (const reason of reasons) say(` !     ${reason}`);
}
