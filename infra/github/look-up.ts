import * as github from "@pulumi/github";
import { messageOf, UserError } from "../../lib/errors.ts";
import type { LinkedAppSettings } from "../../model/github/settings.ts";
import type { FoundRepository } from "./site.ts";

/** What is asked about, and as whom. */
interface Wanted {
  /** `owner/name`. */
  readonly repository: string;
  readonly baseUrl: string;
  readonly apps: Readonly<Record<string, LinkedAppSettings>>;
  readonly provider: github.Provider;
}

/**
 * The repository, once it and every app's branch are there. GitHub's plugin has no error for what is missing, so that is
 * looked for here, at each preview.
 *
 * @throws UserError with a line for each that is missing, or with why GitHub cannot be asked
 */
export async function lookUp(wanted: Wanted): Promise<FoundRepository> {
  const { repository, baseUrl, apps, provider } = wanted;
  const [, name = ""] = repository.split("/");
  const ask = <T>(answer: Promise<T>) => answer.catch((error: unknown) => refuse(error, wanted));
  const found = await ask(github.getRepository({ fullName: repository }, { provider }));
  if (!found.name) {
    throw new UserError([
      `the repository ${repository} is not at ${baseUrl}, or the token may not see it; check its name, and the token's repositories`,
    ]);
  }
  const missing: string[] = [];
  for (const [app, { branch }] of Object.entries(apps)) {
    const { sha } = await ask(github.getBranch({ repository: name, branch }, { provider }));
    if (!sha) missing.push(`the branch ${branch} of app ${app} is not in ${repository}; push it, or name another`);
  }
  if (missing.length > 0) throw new UserError(missing);
  return found;
}

/** @throws UserError with one line */
function refuse(error: unknown, { baseUrl, repository }: Wanted): never {
  const said = messageOf(error);
  if (/\b401\b/.test(said)) {
    throw new UserError([
      `${baseUrl} does not take the credential (401 Bad credentials): it is revoked or out of date; set a new one in dynoform:github-auth`,
    ]);
  }
  // The last part says why; what is before it tells which function was called.
  const [reason = ""] = (said.split("returned an error: ").at(-1) ?? said).trim().split("\n");
  throw new UserError([`${repository} cannot be looked up: ${reason}`]);
}
