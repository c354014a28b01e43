import { type Problems, show } from "../../lib/validation/problems.ts";
import {
  boolean,
  integer,
  isRecord,
  join,
  map,
  object,
  oneOf,
  optional,
  type Reader,
  text,
} from "../../lib/validation/readers.ts";

/** What one says of a repository: arguments of `GitHubLink`, and `dynoform:github` of a stack file. */
export interface GitHubLinkSettings {
  /** `owner/name`. */
  readonly repository: string;
  /**
   * What kind of forge it is at: `gitea` is Forgejo too.
   * @default "github"
   */
  readonly forge?: ForgeKind;
  /**
   * Of a GitHub Enterprise Server, a Gitea or a Forgejo, its address.
   * @default "https://github.com"; there is none of a Gitea
   */
  readonly baseUrl?: string;
  /**
   * How the control plane learns of pushes: `auto` is a webhook where GitHub can reach the platform, else `polling`,
   * each minute.
   * @default "auto"
   */
  readonly mode?: LinkMode;
  /** What takes its source from the repository, by the apps' stacks. */
  readonly apps?: Readonly<Record<string, LinkedAppSettings>>;
  /**
   * Whether the repository gets a key of its own that may read it.
   * @default false
   */
  readonly deployKey?: boolean;
  /**
   * Raise it by one to rotate the webhook's secret: deliveries signed with the one before are still taken.
   * @default 1
   */
  readonly secretGeneration?: number;
}

export type ForgeKind = "github" | "gitea";

export type LinkMode = "auto" | "webhook" | "polling";

export interface LinkedAppSettings {
  readonly branch: string;
  /**
   * Whether each new head of the branch is deployed.
   * @default false
   */
  readonly autoDeploy?: boolean;
  /**
   * Whether that waits until the commit's checks have passed.
   * @default false
   */
  readonly waitForCi?: boolean;
}

/** By what a forge lets one in: `dynoform:github-auth`. One of both; a Gitea has no Apps. */
export type GitHubCredential =
  | { readonly token: string }
  | {
      /** A GitHub App, where it is installed, and its private key in PEM. */
      readonly app: { readonly id: string; readonly installation: string; readonly pem: string };
    };

export const DEFAULT_BASE_URL = "https://github.com";

/** `owner/name`. */
const repositoryName: Reader<string> = text("use owner/name, e.g. octocat/hello-world", (name) =>
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/.test(name),
);

/** A branch, as Git takes its name. */
const branchName: Reader<string> = text(
  "use the name of a branch, e.g. main",
  (name) =>
    name.length <= 255 &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: Git takes none either
    !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^[/-]|[/.]$|\.lock(\/|$)|(^|\/)\./.test(name) &&
    name !== "" &&
    name !== "@",
);

/** Where a forge is. A Gitea may have a path. */
export const baseUrl: Reader<string> = text(`use an address like ${DEFAULT_BASE_URL}`, (address) => {
  if (!URL.canParse(address)) return false;
  const { protocol, search, hash, username } = new URL(address);
  return /^https?:$/.test(protocol) && `${search}${hash}${username}` === "";
});

export const forgeKind: Reader<ForgeKind> = oneOf("forge", ["github", "gitea"]);

/** What only together is wrong. */
export function checkForge(
  { forge = "github", baseUrl: address }: { readonly forge?: ForgeKind; readonly baseUrl?: string },
  path: string,
  problems: Problems,
): void {
  if (forge === "gitea") {
    if (address === undefined) {
      problems.add(
        join(path, "baseUrl"),
        "is missing; a Gitea has an address of its own, e.g. https://git.example.com",
      );
    }
  } else if (address !== undefined && new URL(address).pathname !== "/") {
    problems.add(join(path, "baseUrl"), `${show(address)} is not allowed; use an address like ${DEFAULT_BASE_URL}`);
  }
}

const linkedApp = object<LinkedAppSettings>({
  branch: branchName,
  autoDeploy: optional(boolean),
  waitForCi: optional(boolean),
});

/** The readers of {@link GitHubLinkSettings}, key by key. */
export const gitHubLinkFields = {
  repository: repositoryName,
  forge: optional(forgeKind),
  baseUrl: optional(baseUrl),
  mode: optional(oneOf("mode", ["auto", "webhook", "polling"])),
  apps: optional(map(appStackName, linkedApp)),
  deployKey: optional(boolean),
  secretGeneration: optional(integer(1, 1_000_000)),
};

export const gitHubLinkSettings: Reader<GitHubLinkSettings> = object<GitHubLinkSettings>(gitHubLinkFields);

function appStackName(name: string, path: string, problems: Problems): void {
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(name))
    problems.add(path, "is no name of a stack; use that of an app's stack file");
}

/** What a link's settings and its credential say only together. */
export function checkLink(
  settings: GitHubLinkSettings,
  credential: GitHubCredential | undefined,
  { at, auth }: { readonly at: string; readonly auth: string },
  problems: Problems,
): void {
  checkForge(settings, at, problems);
  if (settings.forge === "gitea" && credential !== undefined && !("token" in credential)) {
    problems.add(auth, "is a GitHub App, and a Gitea has none; use { token: … }");
  }
}

const EITHER = "use { token: … } or { app: { id, installation, pem } }";

/** Reads a {@link GitHubCredential}. No message shows a value: it may be a secret in the wrong place. */
export const gitHubCredential: Reader<GitHubCredential> = (value, path, problems) => {
  if (!isRecord(value) || "token" in value === "app" in value || Object.keys(value).length !== 1) {
    problems.add(path, `is not one credential; ${EITHER}`);
    return undefined;
  }
  if ("token" in value) {
    const token = secretText(value.token, join(path, "token"), problems);
    return token === undefined ? undefined : { token };
  }
  const { app } = value;
  const known = ["id", "installation", "pem"];
  if (!isRecord(app) || Object.keys(app).some((key) => !known.includes(key))) {
    problems.add(join(path, "app"), `is no GitHub App; ${EITHER}`);
    return undefined;
  }
  const [id, installation, pem] = known.map((key) => secretText(app[key], join(join(path, "app"), key), problems));
  if (id === undefined || installation === undefined || pem === undefined) return undefined;
  return { app: { id, installation, pem } };
};

/** A number is taken as it prints, because `pulumi config set --path` writes ids so. */
function secretText(value: unknown, path: string, problems: Problems): string | undefined {
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  if (Number.isSafeInteger(value)) return String(value);
  problems.add(path, value === undefined ? `is missing; ${EITHER}` : `is no text; ${EITHER}`);
  return undefined;
}
