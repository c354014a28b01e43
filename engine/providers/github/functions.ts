import type { PropertyMap } from "../../src/values/values.ts";
import { type BridgedFunction, string } from "../bridge/index.ts";
import type { Client } from "./client.ts";

/** Members of GitHub's `full-repository` by the function's own; what a token may not see is false or empty. */
const MEMBERS: Readonly<Record<string, readonly [member: string, otherwise: string | boolean]>> = {
  allowAutoMerge: ["allow_auto_merge", false],
  allowForking: ["allow_forking", false],
  allowMergeCommit: ["allow_merge_commit", false],
  allowRebaseMerge: ["allow_rebase_merge", false],
  allowSquashMerge: ["allow_squash_merge", false],
  allowUpdateBranch: ["allow_update_branch", false],
  archived: ["archived", false],
  defaultBranch: ["default_branch", ""],
  deleteBranchOnMerge: ["delete_branch_on_merge", false],
  description: ["description", ""],
  fork: ["fork", false],
  fullName: ["full_name", ""],
  gitCloneUrl: ["git_url", ""],
  hasDiscussions: ["has_discussions", false],
  hasDownloads: ["has_downloads", false],
  hasIssues: ["has_issues", false],
  hasProjects: ["has_projects", false],
  hasWiki: ["has_wiki", false],
  homepageUrl: ["homepage", ""],
  htmlUrl: ["html_url", ""],
  httpCloneUrl: ["clone_url", ""],
  isTemplate: ["is_template", false],
  mergeCommitMessage: ["merge_commit_message", ""],
  mergeCommitTitle: ["merge_commit_title", ""],
  name: ["name", ""],
  nodeId: ["node_id", ""],
  primaryLanguage: ["language", ""],
  private: ["private", false],
  squashMergeCommitMessage: ["squash_merge_commit_message", ""],
  squashMergeCommitTitle: ["squash_merge_commit_title", ""],
  sshCloneUrl: ["ssh_url", ""],
  svnUrl: ["svn_url", ""],
  visibility: ["visibility", ""],
};

/** A repository. One that is not there, or hidden from the token, is no error: its id is empty, and so is the rest. */
const getRepository: BridgedFunction<Client> = {
  args: { description: string(), fullName: string(), homepageUrl: string(), name: string() },
  async invoke(args, client) {
    const [owner, name] = args.fullName ? String(args.fullName).split("/") : [client.owner, String(args.name ?? "")];
    if (!owner || !name) throw new Error("one of fullName (owner/name) and name must be given");
    const found = await client.find<PropertyMap>(`repos/${owner}/${name}`);
    const body = found === undefined || found === "unchanged" ? {} : found.body;
    const told = Object.entries(MEMBERS).map(([key, [member, otherwise]]) => [key, body[member] ?? otherwise]);
    return {
      ...Object.fromEntries(told),
      id: body.name ?? "",
      repoId: body.id ?? 0,
      topics: body.topics ?? [],
      // The real one asks for these too, where there are some; a link has no use for them.
      pages: [],
      repositoryLicenses: [],
      templates: [],
    };
  },
};

/** A branch. One that is not there is no error: its id is empty, and so is its commit. */
const getBranch: BridgedFunction<Client> = {
  args: { branch: string({ required: true }), repository: string({ required: true }) },
  async invoke(args, client) {
    const [branch, repository] = [String(args.branch), String(args.repository)];
    const found = await client.find<{ ref: string; object: { sha: string } }>(
      `repos/${client.owner}/${repository}/git/ref/heads/${encodePath(branch)}`,
    );
    if (found === undefined || found === "unchanged") return { branch, repository, id: "", etag: "", ref: "", sha: "" };
    const { ref, object } = found.body;
    return { branch, repository, id: `${repository}:${branch}`, etag: found.etag, ref, sha: object.sha };
  },
};

/** Slashes are part of a branch's name. */
function encodePath(branch: string): string {
  return branch.split("/").map(encodeURIComponent).join("/");
}

export const functions: Readonly<Record<string, BridgedFunction<Client>>> = {
  "github:index/getRepository:getRepository": getRepository,
  "github:index/getBranch:getBranch": getBranch,
};
