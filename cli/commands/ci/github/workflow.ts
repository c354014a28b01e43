import { readFile } from "node:fs/promises";
import { isRecord } from "../../../../lib/validation/readers.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What GitHub Actions tells a job of itself, as far as it concerns us. */
export interface Workflow {
  /** `owner/name` */
  readonly repository: string;
  /** GitHub's REST API. */
  readonly api: string;
  /** That may write comments and statuses; undefined: the workflow gave none. */
  readonly token?: string;
  /** The commit that is looked at: of a pull request its head, not the merge that is checked out. */
  readonly sha: string;
  /** The pull request's number; undefined: the job is about none. */
  readonly pull?: number;
  /** What the change is compared with; undefined: the event does not say. */
  readonly base?: string;
  /** The page of the run. */
  readonly url: string;
  /** Who started it. */
  readonly actor: string;
}

/** Undefined: this is no job of GitHub Actions'. */
export async function findWorkflow(env: Environment): Promise<Workflow | undefined> {
  if (env.GITHUB_ACTIONS !== "true" || env.GITHUB_REPOSITORY === undefined) return undefined;
  const { GITHUB_SERVER_URL: server = "https://github.com", GITHUB_REPOSITORY: repository } = env;
  const event = await readEvent(env.GITHUB_EVENT_PATH);
  const pull = isRecord(event.pull_request) ? event.pull_request : undefined;
  const head = isRecord(pull?.head) ? pull.head.sha : undefined;
  const start = isRecord(pull?.base) ? pull.base.sha : event.before;
  const { GITHUB_TOKEN: token } = env;
  return {
    repository,
    api: env.GITHUB_API_URL ?? "https://api.github.com",
    ...(token && { token }),
    sha: typeof head === "string" ? head : (env.GITHUB_SHA ?? ""),
    ...(typeof pull?.number === "number" && { pull: pull.number }),
    // The first push of a branch follows nothing.
    ...(typeof start === "string" && !/^0*$/.test(start) && { base: start }),
    url: `${server}/${repository}/actions/runs/${env.GITHUB_RUN_ID ?? ""}`,
    actor: env.GITHUB_ACTOR ?? "somebody",
  };
}

async function readEvent(path: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (path === undefined || path === "") return {};
  const event: unknown = JSON.parse(await readFile(path, "utf8"));
  return isRecord(event) ? event : {};
}
