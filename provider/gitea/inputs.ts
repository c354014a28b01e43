import { anyText, text } from "../kit/index.ts";

/** Where a repository is, and as whom its Gitea is asked. */
export const address = {
  baseUrl: text({ pattern: /^https?:\/\/\S+$/, allowed: "an address like https://git.example.com" }),
  /** A secret. */
  token: anyText(),
  repository: text({ pattern: /^[\w.-]+\/[\w.-]+$/, allowed: "owner/name" }),
};

/** A repository's path below the API. */
export function place(repository: string): string {
  return `repos/${repository.split("/").map(encodeURIComponent).join("/")}`;
}
