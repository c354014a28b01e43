import type { StateResource } from "./engine.ts";

/** What links make at forges, by type, and on which page of a repository's settings it is. */
const MADE: Readonly<Record<string, { readonly page: string; readonly name: (stack: string) => string }>> = {
  RepositoryWebhook: { page: "hooks", name: (stack) => `the webhook whose address names ${stack}` },
  RepositoryDeployKey: { page: "keys", name: (stack) => `the deploy key "dynoform ${stack}"` },
};

/**
 * What a link's stack still has at its forge, as a request to remove it by hand.
 *
 * @param resources of its state
 * @returns undefined: nothing
 */
export function leftAtForge(stack: string, resources: readonly StateResource[]): string | undefined {
  const root = resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs?.htmlUrl;
  const left = resources.flatMap(({ type }) => {
    const made =
      MADE[
        type
          .split(":")
          .at(-1)
          ?.replace(/^Gitea/, "Repository") ?? ""
      ];
    if (made === undefined) return [];
    const where = typeof root === "string" ? `at ${root}/settings/${made.page}` : "in the repository's settings";
    return [`${made.name(stack)}, ${where}`];
  });
  return left.length === 0 ? undefined : `Remove by hand: ${left.join("; ")}`;
}
