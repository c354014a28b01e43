import type { Answer, Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import type { Route } from "../routes.ts";
import { connectionOf, repositoryName } from "./github-repositories.ts";

/** A repository's code as clients name it: an address at GitHub, of which this platform fetches by Git. */
interface GithubArchive {
  /** `owner/name`. */
  readonly repository: string;
  /** A branch. */
  readonly ref: string;
}

/** Where a repository's code is to be had: asked of Heroku's service for GitHub, and by the next command line of the API. */
export function githubArchiveRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/github/repos/:owner/:repo/tarball/:ref", (call) => archive(desk, call)],
    ["GET", "/repos/:owner/:repo/archives/:ref", (call) => archive(desk, call)],
  ];
}

async function archive(desk: Desk, call: Call): Promise<Answer> {
  const by = await connectionOf(desk, call);
  const { owner = "", repo = "", ref = "" } = call.params;
  const { fullName } = await desk.ports.github.open(by).repository(repositoryName(`${owner}/${repo}`, by.baseUrl));
  return { body: { archive_link: `${by.baseUrl}/${fullName}/tarball/${encodeURIComponent(ref)}` } };
}

/** Undefined: it is another address. @param baseUrl of the platform's GitHub */
export function readArchiveUrl(url: string, baseUrl: string): GithubArchive | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname } = new URL(url);
  if (origin !== new URL(baseUrl).origin) return undefined;
  const [, repository = "", ref = ""] =
    /^\/([\w.-]+\/[\w.-]+)\/(?:tarball|archive)\/([^/]+?)(?:\.tar\.gz)?\/?$/.exec(pathname) ?? [];
  return repository === "" ? undefined : { repository, ref: decodeURIComponent(ref) };
}
