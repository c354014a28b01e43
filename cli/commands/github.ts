import { text } from "node:stream/consumers";
import { UserError } from "../../lib/errors.ts";
import { type ApiClient, ApiRefusal, findTarget, type Target } from "../api-client.ts";
import { print, table } from "../output.ts";
import { appOption, type Command, type Values } from "./command.ts";

export const githubCommand: Command = {
  summary: "connect apps to repositories at GitHub, Gitea or Forgejo",
  help: `Usage: dynoform github [status] [-a APP]
       dynoform github connect < TOKEN
       dynoform github link OWNER/NAME [-a APP] [--branch BRANCH] [--auto] [--wait-for-ci]
       dynoform github unlink [-a APP]

\`connect\` reads a token of GitHub's from standard input, and keeps it sealed, as the first admin's. \`link\` connects an app to
a repository: --auto deploys each push to the branch (default: the repository's own), --wait-for-ci once its checks have
passed. \`unlink\` ends that; the app stays as it is. \`status\` says how things are.

  gh auth token | npx dynoform github connect
  npx dynoform github link octocat/hello -a shop --auto
`,
  options: {
    ...appOption,
    branch: { type: "string" },
    auto: { type: "boolean" },
    "wait-for-ci": { type: "boolean" },
  },
  positionals: "arguments",
  async run(values, [verb = "status", ...words]) {
    const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (act === undefined) throw new UserError(`${verb} is nothing to do. Use ${Object.keys(VERBS).join(", ")}.`);
    await act(await findTarget(process.cwd(), values.app), values, words);
  },
};

type Act = (target: Target, values: Values, words: readonly string[]) => Promise<void>;

const VERBS: Readonly<Record<string, Act>> = { status, connect, link, unlink };

async function connect({ api }: Target, _values: Values, words: readonly string[]): Promise<void> {
  // Arguments are seen by everybody on the machine.
  if (words.length > 0) throw new UserError("give the token by standard input, not as an argument.");
  const token = (await text(process.stdin)).trim();
  if (token === "") throw new UserError("there is no token on standard input.");
  const { body } = await api.ask("POST", "/account/github", { token });
  print(`Connected as ${body.login} at ${body.base_url}.`);
}

async function link({ api, app }: Target, values: Values, [repo, ...more]: readonly string[]): Promise<void> {
  if (repo === undefined || more.length > 0) throw new UserError("say which: `dynoform github link OWNER/NAME`.");
  const { body } = await api.ask("POST", `/apps/${app}/github`, {
    repo,
    ...(typeof values.branch === "string" && { branch: values.branch }),
    auto_deploy: values.auto === true,
    wait_for_ci: values["wait-for-ci"] === true,
  });
  print(`${app} is connected to ${body.repo}, branch ${body.branch}.`);
}

async function unlink({ api, app }: Target, _values: Values, words: readonly string[]): Promise<void> {
  if (words.length > 0) throw new UserError("say of which app: `dynoform github unlink -a APP`.");
  const { body, headers } = await api.ask("DELETE", `/apps/${app}/github`);
  print(`${app} is disconnected from ${body.repo}.`);
  const { "warning-message": warning } = headers;
  if (warning !== undefined) process.stderr.write(`Warning: ${warning}\n`);
}

async function status({ api, app }: Target): Promise<void> {
  const { body: account } = await api.ask("GET", "/account/github");
  print(`=== ${app} GitHub\n`);
  const rows = [["Account:", account.login ?? "none is connected"], ...(await linkRows(api, app))];
  print(table(rows));
}

async function linkRows(api: ApiClient, app: string): Promise<string[][]> {
  const { body: shown } = await api.ask("GET", `/apps/${app}/github`).catch((error: unknown) => {
    if (error instanceof ApiRefusal && error.resource === "github") return { body: undefined };
    throw error;
  });
  if (shown === undefined) return [["Repository:", "none"]];
  const { repo, branch, auto_deploy: auto, wait_for_ci: waits, status: state } = shown;
  const rows = [
    ["Repository:", repo],
    ["Branch:", branch],
    ["Automatic deploys:", auto ? (waits ? "once checks have passed" : "on") : "off"],
    ["Pushes are learnt of:", `by ${state.by}`],
    ["Last look:", state.looked_at ?? "none yet"],
    ["Waiting:", state.waiting],
    ["Problem:", state.problem],
  ];
  return rows.filter(([, value]) => value !== null);
}
