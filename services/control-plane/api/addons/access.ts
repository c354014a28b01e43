import type { DeclaredApp } from "../../apps/ports.ts";
import { type Addon, type Attachment, Catalogue, matching, variableOf } from "../../postgres/catalogue.ts";
import type { Credentials } from "../../postgres/databases.ts";
import type { Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, notFound } from "../errors.ts";

/** A database that is up. */
export interface Database {
  readonly addon: Addon;
  /** As the caller's machine reaches it. */
  readonly url: string;
  readonly credentials: Credentials;
  /** What the caller has it attached as. */
  readonly name: string;
}

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

  /**
   * An add-on's database, for whoever may use the app that owns it, or also one that it is attached to.
   *
   * @throws ApiError 404 when there is none, or not yet, or none for the caller; 403 when it is only attached
   */
  async database(call: Call, right: "see" | "use"): Promise<Database> {
    const { catalogue, addon } = await this.addon(call, call.params.database ?? "");
    const isOwn = this.mayUse(call, addon.app);
    if (right === "use" && !isOwn) {
      throw new ApiError(403, "forbidden", `Only who may use ${addon.app.name} may do that to its database.`);
    }
    const attachments = catalogue.of(addon);
    const through = attachments.find(({ app }) => this.mayUse(call, app)) ?? attachments[0];
    if (through === undefined) throw unknownAddon();
    const { environment } = await this.desk.outputs.of(through.app.stack);
    const url = environment[variableOf(through.name)];
    if (url === undefined) throw notFound("database", "that database: it is not up yet");
    const { databases } = this.desk.ports;
    const credentials = databases.credentials(url, call.postgresPort);
    databases.know(credentials.database, addon.app.id, addon.id);
    return { addon, url: databases.clientUrl(url, call.postgresPort), credentials, name: through.name };
  }

  /** Variables as the caller's machine can use them: the addresses of databases are other ones there. */
  async variables(
    call: Call,
    app: DeclaredApp,
    environment: Readonly<Record<string, string>>,
  ): Promise<Record<string, string>> {
    const { databases } = this.desk.ports;
    const shown: Record<string, string> = { ...environment };
    const attachments = (await this.all()).at(app);
    for (const { name, addon } of attachments) {
      const url = environment[variableOf(name)];
      if (url === undefined) continue;
      shown[variableOf(name)] = databases.clientUrl(url, call.postgresPort);
      databases.know(databases.credentials(url).database, addon.app.id, addon.id);
    }
    return shown;
  }

  /** The add-on whose database a client's URL names. @returns undefined when there is none, or none for the caller */
  async ofUrl(call: Call, url: string): Promise<Addon | undefined> {
    const { databases } = this.desk.ports;
    if (!URL.canParse(url)) return undefined;
    const owner = databases.owner(databases.credentials(url).database);
    const catalogue = await this.all();
    const addon = catalogue.addons.find(({ app, id }) => app.id === owner?.app && id === owner.addon);
    return addon !== undefined && this.sees(call, catalogue, addon) ? addon : undefined;
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
