import type { Scale } from "../../../model/app/formation.ts";
import type { AddonSettings } from "../../../model/app/settings.ts";
import { declaredAddons, declaredFormation } from "../../../model/stack/declared.ts";
import type { AppSource, SecureKind, StackFileEditor } from "../../../model/stack/editor.ts";

/** An app's stack file while it is being changed, by whoever has the app's turn. */
export class AppFile {
  readonly #editor: StackFileEditor;
  readonly #values: Record<SecureKind, Map<string, string | undefined>> = {
    config: new Map(),
    certificates: new Map(),
  };

  constructor(editor: StackFileEditor) {
    this.#editor = editor;
  }

  /** What the file declares at this moment. */
  get formation(): Readonly<Record<string, Scale>> {
    return declaredFormation(this.#editor.app);
  }

  get addons(): Readonly<Record<string, AddonSettings>> {
    return declaredAddons(this.#editor.app);
  }

  /** Declares an add-on, or what is attached; undefined: no more. */
  addon(attachment: string, settings: AddonSettings | undefined): void {
    if (settings === undefined) this.#editor.remove(["addons", attachment]);
    else this.#editor.set(["addons", attachment], JSON.parse(JSON.stringify(settings)));
  }

  /** `dynoform:app` at this moment. */
  get settings(): Readonly<Record<string, unknown>> {
    return this.#editor.app;
  }

  scale(type: string, to: Scale): void {
    this.#editor.scale(type, to);
  }

  source(source: AppSource | undefined): void {
    this.#editor.source(source);
  }

  /** Writes a config var as a secure value; undefined removes it. */
  setConfig(name: string, value: string | undefined): void {
    this.#values.config.set(name, value);
  }

  /** Writes a certificate's key as a secure value; undefined removes it. */
  setCertificateKey(name: string, key: string | undefined): void {
    this.#values.certificates.set(name, key);
  }

  /** @param path below `dynoform:app` */
  set(path: readonly string[], value: Parameters<StackFileEditor["set"]>[1]): void {
    this.#editor.set(path, value);
  }

  /** @param path below `dynoform:app` */
  remove(path: readonly string[]): void {
    this.#editor.remove(path);
  }

  /** The secure values to write, in plain; undefined: to be removed. */
  get values(): Readonly<Record<SecureKind, ReadonlyMap<string, string | undefined>>> {
    return this.#values;
  }
}
