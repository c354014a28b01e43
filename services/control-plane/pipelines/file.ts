import { join } from "node:path";
import { stringify } from "yaml";
import { isPlatform } from "../../../model/stack/declared.ts";
import { StackFileEditor } from "../../../model/stack/editor.ts";
import { PIPELINE } from "../../../model/stack/keys.ts";
import { findProject, readStackFiles } from "../../../model/stack/project.ts";
import { randomId } from "../apps/names.ts";
import type { NewStack } from "../apps/stack-changes.ts";
import { type ReviewAppsChange, STAGES, type Stage } from "./ports.ts";

/** What the file of a pipeline that is not there yet will say. @param options the folder of Pulumi.yaml, the platform's name */
export async function newPipeline(
  options: { readonly project: string; readonly platform: string },
  name: string,
): Promise<NewStack & { readonly id: string }> {
  const project = await findProject(options.project);
  const files = await readStackFiles(project);
  const platform = files.find((file) => isPlatform(file, options.platform))?.stack ?? "platform";
  const taken = new Set(files.map(({ stack }) => stack));
  // One that has another name by now keeps its stack.
  let stack = `${name}.pipeline`;
  for (let number = 2; taken.has(stack); number++) stack = `${name}-${number}.pipeline`;
  const id = randomId(name);
  const settings = {
    id,
    ...(stack !== `${name}.pipeline` && { name }),
    ...(platform !== "platform" && { platform }),
  };
  const path = join(project.stackDirectory, `Pulumi.${stack}.yaml`);
  return { id, stack, path, text: stringify({ config: { [PIPELINE]: settings } }) };
}

/** A pipeline's stack file while it is edited. */
export class PipelineFile {
  readonly #editor: StackFileEditor;

  constructor(text: string, path: string) {
    this.#editor = new StackFileEditor(text, path);
  }

  get text(): string {
    return this.#editor.text;
  }

  name(name: string, id: string): void {
    this.#editor.setConfigured([PIPELINE, "id"], id);
    this.#editor.setConfigured([PIPELINE, "name"], name);
  }

  /** @param stage undefined: in none */
  place(app: string, stage: Stage | undefined): void {
    for (const each of STAGES) {
      const present = this.#apps(each);
      const wanted =
        each === stage ? [...present.filter((other) => other !== app), app] : present.filter((other) => other !== app);
      if (wanted.length === present.length && present.includes(app) === (each === stage)) continue;
      if (wanted.length === 0) this.#editor.removeConfigured([PIPELINE, "stages", each]);
      else this.#editor.setConfigured([PIPELINE, "stages", each], wanted);
    }
  }

  /** @param stack undefined: connected to none */
  github(stack: string | undefined): void {
    if (stack === undefined) this.#editor.removeConfigured([PIPELINE, "github"]);
    else this.#editor.setConfigured([PIPELINE, "github"], stack);
  }

  /** @param settings of what is not named there stays what it is */
  reviewApps(settings: ReviewAppsChange): void {
    for (const [name, value] of Object.entries(settings)) {
      const path = [PIPELINE, "reviewApps", name];
      if (value === undefined) this.#editor.removeConfigured(path);
      else this.#editor.setConfigured(path, value);
    }
  }

  /** @param secure as Pulumi encrypted it; undefined removes it */
  secure(key: string, name: string, secure: string | undefined): void {
    if (secure === undefined) this.#editor.removeConfigured([key, name]);
    else this.#editor.setConfigured([key, name], { secure });
    if (Object.keys(this.#editor.configured([key])).length === 0) this.#editor.removeConfigured([key]);
  }

  #apps(stage: Stage): string[] {
    const apps: unknown = this.#editor.configured([PIPELINE, "stages"])[stage];
    return Array.isArray(apps) ? apps.map(String) : [];
  }
}
