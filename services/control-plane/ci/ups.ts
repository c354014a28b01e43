import { readFile } from "node:fs/promises";
import type { Edited } from "../../../model/stack/editor.ts";
import { findProject, readStackFiles } from "../../../model/stack/project.ts";
import type { Apps } from "../apps/apps.ts";
import type { SentLinks } from "../github/sent-links.ts";
import type { Act } from "../types.ts";
import { refuseOtherKeys, withOwnSettings } from "./own-settings.ts";
import { kindOf } from "./sent-file.ts";
import type { Workflow } from "./tokens.ts";

export interface CiUpsOptions {
  readonly apps: Pick<Apps, "list" | "add" | "replace">;
  readonly links: Pick<SentLinks, "put">;
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

/** Brings apps and links up by stack files that workflows send, as all else that changes one: whole, or taken back. */
export class CiUps {
  readonly #options: CiUpsOptions;

  constructor(options: CiUpsOptions) {
    this.#options = options;
  }

  /** @throws UserError for what is refused, and ChangeFailed when it was taken back */
  async up(stack: string, sent: Edited, by: Workflow): Promise<CiUp> {
    const { links, project } = this.#options;
    const kind = kindOf(stack, sent.after, project);
    if (kind === undefined) {
      return {
        elsewhere: `${stack} is no app and no link to a repository, which alone are brought up from elsewhere. Bring it up on its host: \`npx dynoform ci up ${stack}\``,
        changes: {},
      };
    }
    const file = (await readStackFiles(await findProject(project))).find((each) => each.stack === stack);
    const present = file === undefined ? undefined : await readFile(file.path, "utf8");
    const texts = {
      before: present === undefined ? "" : withOwnSettings(sent.before, present),
      after: present === undefined ? sent.after : withOwnSettings(sent.after, present),
    };
    refuseOtherKeys(stack, texts.before, texts.after);
    const act = { user: `${by.actor}@${by.repository}`, description: `Deploy of ${by.sha.slice(0, 7)}` };
    const { changes } =
      kind === "link" ? await links.put(stack, texts, act) : await this.#app(stack, texts, act, file === undefined);
    return { changes };
  }

  async #app(stack: string, texts: Edited, act: Act, isNew: boolean) {
    const { apps } = this.#options;
    const app = isNew ? undefined : (await apps.list()).find((each) => each.stack === stack);
    return app === undefined ? apps.add(stack, texts.after, act) : apps.replace(app.name, act, texts);
  }
}
