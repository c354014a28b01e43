import { join } from "node:path";
import { parse } from "yaml";
import { UserError } from "../../../lib/errors.ts";
import { isRecord } from "../../../lib/validation/readers.ts";
import { isPlatform, platformStack } from "../../../model/stack/declared.ts";
import type { Edited } from "../../../model/stack/editor.ts";
import { GITHUB } from "../../../model/stack/keys.ts";
import { findProject, readStackFiles } from "../../../model/stack/project.ts";
import type { ChangeResult } from "../apps/changes.ts";
import { replacedText } from "../apps/replaced.ts";
import type { StackChanges } from "../apps/stack-changes.ts";
import type { Act, AppLock } from "../types.ts";
import { declaredLinks, isSameRepository, toLink } from "./declared.ts";
import type { DeclaredLink } from "./ports.ts";

interface SentLinksOptions {
  /** The folder of Pulumi.yaml. */
  readonly project: string;
  /** The platform's name. */
  readonly platform: string;
  readonly changes: Pick<StackChanges, "create" | "edit">;
  readonly lock: AppLock;
  /** Told of a link that was made or changed. */
  changed(stack: string): Promise<void>;
}

/** Makes and changes links by whole stack files that come from elsewhere. */
export class SentLinks {
  readonly #options: SentLinksOptions;

  constructor(options: SentLinksOptions) {
    this.#options = options;
  }

  /**
   * @param texts what its writer knew, and what it is to be
   * @throws ChangeFailed, and UserError for a file that is not one of a link of this platform
   */
  async put(stack: string, texts: Edited, act: Act): Promise<ChangeResult> {
    const { project, platform, changes, lock, changed } = this.#options;
    const wanted = await this.#read(stack, texts.after);
    return lock.run(wanted.repository.toLowerCase(), "a change", async () => {
      const links = await declaredLinks(project, platform);
      refuseTaken(wanted, links);
      const present = links.find((link) => link.stack === stack);
      const result =
        present === undefined
          ? await changes.create(stack, { ...wanted, text: texts.after }, act)
          : await changes.edit(stack, present, act, (text) => replacedText(stack, text, texts));
      await changed(stack);
      return result;
    });
  }

  async #read(stack: string, text: string): Promise<DeclaredLink> {
    const { platform } = this.#options;
    const project = await findProject(this.#options.project);
    const settings: unknown = parse(text)?.config?.[GITHUB];
    const path = join(project.stackDirectory, `Pulumi.${stack}.yaml`);
    const link = isRecord(settings) ? toLink({ stack, path }, settings) : undefined;
    if (link === undefined || !isRecord(settings)) throw new UserError(`${stack} names no repository.`);
    if (!URL.canParse(link.baseUrl)) throw new UserError(`${stack}: ${link.baseUrl} is no address of a forge.`);
    const files = await readStackFiles(project);
    if (files.some((file) => file.stack === stack && file.kind !== "github")) {
      throw new UserError(`there is a stack ${stack} on this host already, which is no link.`);
    }
    if (files.some((file) => file.stack === platformStack(settings) && isPlatform(file, platform))) return link;
    throw new UserError(`${stack} is a link of ${platformStack(settings)}, which is not the platform that was asked.`);
  }
}

/** @throws UserError for a repository or an app that another link has, and for a link that would have another repository */
function refuseTaken(wanted: DeclaredLink, links: readonly DeclaredLink[]): void {
  for (const link of links) {
    const same = isSameRepository(link, wanted);
    if (link.stack === wanted.stack) {
      if (same) continue;
      throw new UserError(
        `${wanted.stack} is the link to ${link.repository}. Link another repository by another stack.`,
      );
    }
    if (same) throw new UserError(`${wanted.repository} is linked by ${link.stack} already.`);
    const app = Object.keys(wanted.apps).find((each) => each in link.apps);
    if (app !== undefined) throw new UserError(`${app} is connected to ${link.repository} already, by ${link.stack}.`);
  }
}
