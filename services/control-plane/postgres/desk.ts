import type { Call } from "../api/call.ts";
import type { Desk } from "../api/desk.ts";
import { notFound } from "../api/errors.ts";
import type { DeclaredApp } from "../api/ports.ts";
import { type Addon, type Attachment, Catalogue, matching } from "./catalogue.ts";

/** What handlers of add-ons share: who sees which, and under which names. */
export class AddonDesk {
  readonly desk: Desk;

  constructor(desk: Desk) {
    this.desk = desk;
  }

  addonId(addon: Addon): string {
    return this.desk.id("addon", addon.app.id, addon.id);
  }

  attachmentId({ app, name }: Pick<Attachment, "app" | "name">): string {
    return this.desk.id("attachment", app.id, name);
  }

  /** Everything, whoever asks. */
  async all(): Promise<Catalogue> {
    return new Catalogue(await this.desk.ports.apps.list());
  }

  mayUse(call: Call, app: DeclaredApp): boolean {
    return this.desk.ports.accounts.may(call.caller, app.id, "use");
  }

  /** Whether the caller has an app that the add-on belongs to or is attached to. */
  sees(call: Call, catalogue: Catalogue, addon: Addon): boolean {
    return this.mayUse(call, addon.app) || catalogue.of(addon).some(({ app }) => this.mayUse(call, app));
  }

  /** @param which an add-on's name or id @throws ApiError 404 when there is none, or none for the caller */
  async addon(call: Call, which: string): Promise<{ readonly catalogue: Catalogue; readonly addon: Addon }> {
    const catalogue = await this.all();
    const addon = catalogue.addons.find((each) => each.name === which || this.addonId(each) === which);
    if (addon === undefined || !this.sees(call, catalogue, addon)) throw unknownAddon();
    return { catalogue, addon };
  }

  /** One of an app's own. @param which a name, an id, or what it is attached as */
  async addonOf(call: Call, which: string): Promise<{ readonly catalogue: Catalogue; readonly addon: Addon }> {
    const app = await this.desk.app(call);
    const catalogue = await this.all();
    const own = catalogue.at(app).filter(({ addon }) => addon.app.id === app.id);
    const [found] = this.matching(own, which);
    if (found === undefined) throw unknownAddon();
    return { catalogue, addon: found.addon };
  }

  matching(attachments: readonly Attachment[], which: string): readonly Attachment[] {
    return matching(attachments, which, (each) => [this.addonId(each.addon), this.attachmentId(each)]);
  }
}

export function unknownAddon() {
  return notFound("add_on", "that add-on");
}

export function unknownAttachment() {
  return notFound("add_on attachment", "that add-on attachment");
}
