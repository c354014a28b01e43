import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Runner } from "../runs/runner.ts";
import type { Act } from "../types.ts";
import type { DeclaredApp } from "./declared.ts";
import { type Edit, type EditOptions, editedText } from "./edit.ts";

/** What a preview shows. */
export interface Plan {
  /** Resources by operation, as Pulumi counts them: `{ same: 12, create: 1 }`. */
  readonly changes: Readonly<Record<string, number>>;
  /** The steps that are no "same". */
  readonly steps: readonly { readonly op: string; readonly type: string; readonly name: string }[];
  /** What Pulumi printed; secrets are masked. */
  readonly preview: string;
}

interface PlansOptions extends EditOptions {
  readonly runner: Pick<Runner, "pulumi" | "preview">;
}

/** Previews of what changes would do, made on copies of stack files. */
export class Plans {
  readonly #options: PlansOptions;

  constructor(options: PlansOptions) {
    this.#options = options;
  }

  /** @throws what `edit` throws, and RunFailed, with what Pulumi says is wrong, when the preview fails */
  async change(app: DeclaredApp, act: Act, edit: Edit): Promise<Plan> {
    const text = await editedText(this.#options, app, await readFile(app.path, "utf8"), edit);
    return this.#preview("up", app.stack, act, text);
  }

  /** @param text of the stack file to come */
  create(stack: string, act: Act, text: string): Promise<Plan> {
    return this.#preview("create", stack, act, text);
  }

  destroy({ stack }: DeclaredApp, act: Act): Promise<Plan> {
    return this.#preview("destroy", stack, act);
  }

  async #preview(what: "up" | "create" | "destroy", stack: string, act: Act, text?: string): Promise<Plan> {
    const { runner, scratch } = this.#options;
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    const folder = await mkdtemp(join(scratch, "plan-"));
    const settings = join(folder, `Pulumi.${stack}.yaml`);
    let preview = "";
    const display = (piece: string) => {
      preview += piece;
    };
    try {
      if (text !== undefined) await writeFile(settings, text, { mode: 0o600 });
      const { changes, steps } = await runner.preview(what, stack, act, {
        display,
        ...(text !== undefined && { settings }),
      });
      return { changes, steps, preview };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}
