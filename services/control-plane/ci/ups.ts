import { parse } from "yaml";
import { UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import type { Edited } from "../../../model/stack/editor.ts";
import type { Apps } from "../apps/apps.ts";
import { settingsOf } from "./sent-file.ts";
import type { Workflow } from "./tokens.ts";

export interface CiUpsOptions {
  readonly apps: Pick<Apps, "list" | "replace">;
  /** The folder of Pulumi.yaml. */
  readonly project: string;
}

/** What an `up` tells a workflow. */
interface CiUp {
  /** Why the host did not do it. */
  readonly elsewhere?: string;
  /** Resources by what was done to them, as Pulumi counts them. */
  readonly changes: Readonly<Record<string, number>>;
}

/** Brings apps up by stack files that workflows send, as all else that changes an app: whole, or taken back. */
export class CiUps {
  readonly #options: CiUpsOptions;

  constructor(options: CiUpsOptions) {
    this.#options = options;
  }

  /** @throws UserError for what is refused, and ChangeFailed when it was taken back */
  async up(stack: string, { before, after }: Edited, by: Workflow): Promise<CiUp> {
    const { apps, project } = this.#options;
    const app = (await apps.list()).find((each) => each.stack === stack);
    if (app === undefined) return { elsewhere: "only apps that are there are brought up by their host", changes: {} };
    const sent = settingsOf(stack, after, before, project);
    if ("elsewhere" in sent) return { elsewhere: sent.elsewhere, changes: {} };
    refuseOtherKeys(stack, before, after);
    const act = { user: `${by.actor}@${by.repository}`, description: `Deploy of ${by.sha.slice(0, 7)}` };
    const { changes } = await apps.replace(app.name, act, { before, after });
    return { changes };
  }
}

/** Beside the settings a file says how its secrets are kept, which stays as it is. */
function refuseOtherKeys(stack: string, before: string, after: string): void {
  const rest = (text: string) => {
    const value: unknown = parse(text, { maxAliasCount: 0 });
    const { config: _, ...others } = isRecord(value) ? value : {};
    return JSON.stringify(Object.entries(others).sort());
  };
  if (rest(before) === rest(after)) return;
  throw new UserError(`${stack}: beside \`config\` its file may not be changed from here.`);
}
