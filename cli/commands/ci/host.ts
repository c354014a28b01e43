import { readFile } from "node:fs/promises";
import { messageOf, UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import type { StackFile } from "../../../model/stack/project.ts";
import { changed } from "../../../services/stacks/engine.ts";
import type { Previewed, Previewer } from "./preview.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds that an answer may take; the host says now and then that it goes on. */
const LONGEST_MS = 60 * 60_000;

/** A platform's host, which a job asks by the tokens that GitHub makes for it, a new one for each stack. */
interface Host {
  readonly previewer: Previewer;
  /**
   * Has an app brought up by its stack file.
   *
   * @param before what the file said where the change began
   * @returns what was done, or why not
   * @throws UserError when it was refused, or taken back
   */
  up(file: StackFile, before: string): Promise<string>;
}

/**
 * The job proves which workflow it is; there is no secret of the platform's in it, and the host runs its own program.
 *
 * @param host where the dashboard is: `https://dashboard.example.com`
 * @throws UserError for a host that tokens would be readable on the way to
 */
export function hostOf(host: string, env: Environment): Host {
  const url = URL.canParse(host) ? new URL(host) : undefined;
  const local = url !== undefined && /^(127\.0\.0\.1|localhost|.*\.localhost)$/.test(url.hostname);
  if (url === undefined || !(url.protocol === "https:" || (url.protocol === "http:" && local))) {
    throw new UserError(`"${host}" is no address of a platform; use that of its dashboard, with https://.`);
  }
  const ask = async (path: string, body: object) => post(new URL(path, url), await tokenFor(url.hostname, env), body);
  return {
    previewer: {
      runsProgram: false,
      async preview({ stack, path }) {
        return previewedOf(await ask("/ci/previews", { stack, file: await readFile(path, "utf8") }));
      },
    },
    async up({ stack, path }, before) {
      return upOf(await ask("/ci/ups", { stack, before, file: await readFile(path, "utf8") }));
    },
  };
}

async function post(url: URL, token: string, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  // A host that sends the job elsewhere would have its token sent there.
  const init = { method: "POST", headers, body: JSON.stringify(body), redirect: "error" } as const;
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(LONGEST_MS) });
    const answer: unknown = await response.json().catch(() => undefined);
    if (isRecord(answer)) return answer;
    return {
      message: `${url.host} answered ${response.status}. Is it the dashboard of a platform with dynoform:platform.ci.trust?`,
    };
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    throw new UserError(`${url.host} cannot be asked: ${messageOf(cause ?? error)}`);
  }
}

function previewedOf(answer: unknown): Previewed {
  const { preview, message } = isRecord(answer) ? answer : {};
  if (isRecord(preview) && Array.isArray(preview.planned)) return preview as unknown as Previewed;
  throw new UserError(typeof message === "string" ? message : "the host gave no answer that is understood here.");
}

function upOf(answer: unknown): string {
  const { up, message } = isRecord(answer) ? answer : {};
  if (!isRecord(up) || !isRecord(up.changes)) {
    throw new UserError(typeof message === "string" ? message : "the host gave no answer that is understood here.");
  }
  if (typeof up.elsewhere === "string") throw new UserError(`${up.elsewhere}.`);
  const count = changed({ changes: up.changes as Record<string, number> });
  return count === 1 ? "1 change" : `${count} changes`;
}

/** A token of GitHub's that says which workflow this is, for one audience. */
async function tokenFor(audience: string, env: Environment): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: secret } = env;
  if (!url || !secret) {
    throw new UserError(
      "GitHub makes no token for this job: give it `permissions: id-token: write`. Pull requests from forks get none.",
    );
  }
  const asked = new URL(url);
  asked.searchParams.set("audience", audience);
  const response = await fetch(asked, { headers: { authorization: `Bearer ${secret}` } });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && isRecord(answer) && typeof answer.value === "string") return answer.value;
  throw new UserError(`GitHub made no token for this job (${response.status}).`);
}
