import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isMissing } from "../../../lib/errors.ts";
import { findProject, readStackFiles } from "../../../model/stack/project.ts";
import type { Planned } from "../../stacks/plan/planned.ts";
import type { Runner } from "../runs/runner.ts";
import { settingsOf } from "./sent-file.ts";
import type { Workflow } from "./tokens.ts";

/** What a preview tells a workflow. */
interface CiPreview {
  /** Why the host did not look; all else is empty then. */
  readonly elsewhere?: string;
  /** Whether the host has no such stack yet. */
  readonly new: boolean;
  readonly planned: readonly Planned[];
  /** Resources that stay as they are. */
  readonly same: number;
}

interface CiPreviewsOptions {
  readonly runner: Pick<Runner, "preview">;
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** A folder for copies of stack files, which the runner sees too. */
  readonly scratch: string;
}

/** Previews stack files that workflows send, under the host's own program: nothing that a workflow sends is run. */
export class CiPreviews {
  readonly #options: CiPreviewsOptions;

  constructor(options: CiPreviewsOptions) {
    this.#options = options;
  }

  /** @throws UserError for a file that is refused, and what Pulumi says is wrong with one */
  async preview(stack: string, text: string, by: Workflow): Promise<CiPreview> {
    const { runner, project, scratch } = this.#options;
    const present = (await readStackFiles(await findProject(project))).find((file) => file.stack === stack);
    const sent = settingsOf(stack, text, present && (await textOf(present.path)), project);
    const nothing = { new: present === undefined, planned: [], same: 0 };
    if ("elsewhere" in sent) return { ...nothing, elsewhere: sent.elsewhere };
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(scratch, "ci-"));
    try {
      const settings = join(folder, `Pulumi.${stack}.yaml`);
      await writeFile(settings, sent.settings, { mode: 0o600 });
      const act = { user: `${by.actor}@${by.repository}`, description: `Preview of ${by.sha.slice(0, 7)}` };
      const what = present === undefined ? "create" : "up";
      const { planned = [], changes } = await runner.preview(what, stack, act, { settings });
      return { new: present === undefined, planned, same: changes.same ?? 0 };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    if (isMissing(error)) return "";
    throw error;
  });
}
