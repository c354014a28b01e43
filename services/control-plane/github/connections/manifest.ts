/** What a platform's GitHub App is to be: as little as links need, and only on the repositories that its user chooses. */
export interface AppManifest {
  readonly name: string;
  readonly url: string;
  readonly redirect_url: string;
  readonly setup_url: string;
  readonly public: false;
  readonly default_permissions: Readonly<Record<string, "read" | "write">>;
}

/** Where GitHub sends browsers back, below the dashboard. */
export const MADE_PATH = "/github/made";
export const INSTALLED_PATH = "/github/installed";

/** Characters that GitHub takes of an App's name. */
const LONGEST_NAME = 34;

/**
 * @param platform its name
 * @param unique since no two Apps of GitHub's have one name
 * @param site where browsers find the dashboard
 */
export function appManifest(platform: string, unique: string, site: string): AppManifest {
  const name = `Dynoform ${platform}`.slice(0, LONGEST_NAME - unique.length - 1).replace(/\W$/, "");
  return {
    name: `${name} ${unique}`,
    url: site,
    redirect_url: `${site}${MADE_PATH}`,
    setup_url: `${site}${INSTALLED_PATH}`,
    public: false,
    default_permissions: {
      checks: "read",
      contents: "read",
      deployments: "write",
      metadata: "read",
      repository_hooks: "write",
      statuses: "write",
    },
  };
}
