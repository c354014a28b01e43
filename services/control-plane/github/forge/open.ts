import type { OpenRepositoryForge } from "./forge.ts";
import { openGiteaForge } from "./gitea.ts";
import { openGitHubForge } from "./github.ts";

/** Opens whichever kind of forge it is. */
export const openForge: OpenRepositoryForge = (by) => (by.forge === "gitea" ? openGiteaForge(by) : openGitHubForge(by));
