import { hostname, userInfo } from "node:os";
import { relative } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { findProject, type Project, readStackFiles, type StackFile } from "../../model/stack/project.ts";
import { Engine } from "../../services/stacks/engine.ts";
import { changeSince, textAt } from "./ci/git.ts";
import { publish } from "./ci/github/publish.ts";
import { findWorkflow, type Workflow } from "./ci/github/workflow.ts";
import { hostOf } from "./ci/host.ts";
import { markdownOf } from "./ci/markdown.ts";
import { localPreviewer, previewChange } from "./ci/preview.ts";
import { exitCodeOf, jsonOf, verdictOf } from "./ci/report.ts";
import { touchedBy } from "./ci/touched.ts";
import { appliedText, applyAll, inOrder } from "./ci/up.ts";
import type { Command, Values } from "./command.ts";

export const ciCommand: Command = {
  summary: "show what a change of the repository would do, and do it",
  help: `Usage: dynoform ci preview [STACK…] [--base REF] [--host URL] [--deny RULES] [--json] [--no-comment] [--no-status]
       dynoform ci up [STACK…] [--deny RULES]
       dynoform ci up --host URL [--base REF]

\`preview\` tells what bringing up the stacks that a change touches would do: what is made, changed in place, replaced and
why, and gone; what data would be lost comes first. It compares with --base, which a pull request, a merge request and a push
say by themselves. In GitHub Actions it writes one comment for all stacks, the commit's status, annotations and the job's
summary, with the job's GITHUB_TOKEN. Stacks that are named are previewed whatever the change touches.

\`up\` brings up all stacks of the project, or those that are named, in the order of what needs what: platforms, apps, links.
It ends at the first that fails, and says what was applied and what was not. Only one at a time does so. With --host it sends the
files of apps and links, new ones too, that changed since --base, which a push says by itself.

  --host URL     has a platform preview the stack files, at its dashboard's address: the job needs no secret of it, and
                 proves which workflow it is by GitHub's token (\`dynoform:platform.ci.trust\` lists whom it trusts). What
                 is not a stack file is not previewed there, since the host runs its own program only.
  --deny RULES   refuses what rules forbid, e.g. replace:postgresql,delete:addon. A stack file allows single things:
                 \`dynoform:allowDataLoss: [DATABASE]\`. \`dynoform:platform.deny\` does so for every \`up\` of our tools.

Exit codes: 0 nothing to do, or all applied; 2 there are changes; 1 it cannot, or may not, be done.
`,
  options: {
    base: { type: "string" },
    host: { type: "string" },
    deny: { type: "string", multiple: true },
    json: { type: "boolean" },
    "no-comment": { type: "boolean" },
    "no-status": { type: "boolean" },
  },
  positionals: "arguments",
  misuse: 1,
  async run(values, [verb, ...stacks]) {
    if (verb === "preview") return preview(values, stacks);
    if (verb === "up") return up(values, stacks);
    throw new UserError(`say what to do: \`dynoform ci preview\` or \`dynoform ci up\`.`);
  },
};

async function preview(values: Values, asked: readonly string[]): Promise<number> {
  const directory = process.cwd();
  const project = await findProject(directory);
  const workflow = await findWorkflow(process.env);
  const change = await changeSince(project.directory, baseOf(values, workflow));
  const host = text(values.host);
  const engine = new Engine({ directory: project.directory, display: () => {} });
  const previewer = host === undefined ? localPreviewer(engine, project) : hostOf(host, process.env).previewer;
  const report = await previewChange({ project, change, previewer, asked, deny: texts(values.deny), say });
  const json = values.json === true;
  process.stdout.write(json ? jsonOf(report) : markdownOf(report, Number.POSITIVE_INFINITY));
  if (workflow !== undefined) {
    await publish(report, workflow, {
      comment: values["no-comment"] !== true,
      status: values["no-status"] !== true,
      summary: process.env.GITHUB_STEP_SUMMARY,
      warn: say,
      print: json ? say : (line) => void process.stdout.write(`${line}\n`),
    });
  }
  return exitCodeOf(verdictOf(report));
}

async function up(values: Values, asked: readonly string[]): Promise<number> {
  const project = await findProject(process.cwd());
  const workflow = await findWorkflow(process.env);
  const host = text(values.host);
  const applied =
    host === undefined
      ? await applyAll({
          project,
          engine: new Engine({ directory: project.directory }),
          asked,
          deny: texts(values.deny),
          who: whoOf(workflow),
          say,
        })
      : await upByHost(host, project, baseOf(values, workflow));
  process.stdout.write(`\n${appliedText(applied)}`);
  return applied.stacks.every(({ state }) => state === "applied") ? 0 : 1;
}

/** The host has all but the files that a change touches. */
async function upByHost(host: string, project: Project, base: string) {
  const { up } = hostOf(host, process.env);
  const change = await changeSince(project.directory, base);
  const { touched } = touchedBy(change, project, await readStackFiles(project));
  const files = touched.filter(({ reason }) => reason === "file").map(({ file }) => file);
  const before = ({ path }: StackFile) => textAt(change.root, change.base, relative(change.root, path));
  return inOrder(files, say, async (file) => up(file, (await before(file)) ?? ""));
}

function baseOf(values: Values, workflow: Workflow | undefined): string {
  const base = text(values.base) ?? workflow?.base ?? process.env.CI_MERGE_REQUEST_DIFF_BASE_SHA;
  if (base !== undefined && base !== "") return base;
  throw new UserError("say what to compare with: `dynoform ci preview --base origin/main`.");
}

/** For others that wait. */
function whoOf(workflow: Workflow | undefined): string {
  const { GITLAB_USER_LOGIN: user, CI_JOB_URL: job } = process.env;
  if (workflow !== undefined) return `${workflow.actor} (${workflow.url}) on ${hostname()}`;
  return user === undefined ? `${userInfo().username} on ${hostname()}` : `${user} (${job}) on ${hostname()}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function text(value: Values[string]): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function texts(value: Values[string]): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
