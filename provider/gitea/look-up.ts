import type { PropertyMap } from "../../engine/src/values/values.ts";
import { findGitea } from "../../lib/gitea.ts";
import { type FunctionDefinition, list, text } from "../kit/index.ts";
import { address, place } from "./inputs.ts";

interface Repository {
  readonly id: number;
  readonly name: string;
  readonly full_name: string;
  readonly default_branch: string;
  readonly private: boolean;
  readonly html_url: string;
  readonly clone_url: string;
}

/** A repository at a Gitea or Forgejo, and which of some branches it lacks. One that is not there has an empty name. */
export const lookUpGitea: FunctionDefinition = {
  inputs: { ...address, branches: list(text()) },
  async invoke({ baseUrl, token, repository, branches }, signal): Promise<PropertyMap> {
    const at = { baseUrl: String(baseUrl), token: String(token) };
    const path = place(String(repository));
    const found = await findGitea<Repository>(at, path, signal);
    if (found === undefined) return { name: "", missing: [] };
    const missing: string[] = [];
    for (const branch of branches as string[]) {
      const name = branch.split("/").map(encodeURIComponent).join("/");
      if ((await findGitea(at, `${path}/branches/${name}`, signal)) === undefined) missing.push(branch);
    }
    const { id, name, default_branch, html_url, clone_url } = found;
    return {
      name,
      repoId: id,
      defaultBranch: default_branch,
      private: found.private,
      htmlUrl: html_url,
      httpCloneUrl: clone_url,
      missing,
    };
  },
};
