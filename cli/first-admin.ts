import { setTimeout as pause } from "node:timers/promises";
import type { PlatformTarget } from "../model/stack/project.ts";
import { hostClient, Unreachable } from "./api-client.ts";

/** Milliseconds that a control plane which was just started may take to answer, and between two tries. */
const ANSWER_TIMEOUT_MS = 60_000;
const RETRY_MS = 250;

/**
 * Asks a platform for the first admin's password, which it makes and tells once.
 *
 * @returns what to tell the user; empty when there is an admin with a password
 */
export async function firstAdmin(platform: PlatformTarget): Promise<string> {
  const { email, password } = await claim(platform);
  if (password === null) return "";
  return `${platform.name} has a new admin; the password is shown this once:
    e-mail    ${email}
    password  ${password}
Log in: eval "$(npx dynoform env)" && heroku login. Invite others: npx dynoform invite EMAIL
`;
}

async function claim(platform: PlatformTarget): Promise<{ readonly email: string; readonly password: string | null }> {
  const api = await hostClient(platform);
  for (const begun = Date.now(); ; await pause(RETRY_MS)) {
    try {
      return (await api.ask("POST", "/actions/claim-first-admin")).body;
    } catch (error) {
      if (!(error instanceof Unreachable) || Date.now() - begun > ANSWER_TIMEOUT_MS) throw error;
    }
  }
}
