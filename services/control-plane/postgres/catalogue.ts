import type { PostgresPlan } from "../../../model/app/postgres-plans.ts";
import type { DeclaredApp } from "../apps/ports.ts";
import { defaultAddonName } from "./names.ts";
import { DEFAULT_PLAN, isService } from "./plans.ts";

/** A database that an app declares. */
export interface Addon {
  readonly app: DeclaredApp;
  /** With the app's id, what names its database. */
  readonly id: string;
  /** Under which the app's file declares it. */
  readonly attachment: string;
  /** `postgresql-curved-12345`. */
  readonly name: string;
  readonly plan: PostgresPlan;
  /** Of its credentials. */
  readonly generation: number;
}

/** A name by which an app has an add-on, its own or another app's. */
export interface Attachment {
  readonly app: DeclaredApp;
  /** `DATABASE` gives the app `DATABASE_URL`. */
  readonly name: string;
  readonly addon: Addon;
}

/** All add-ons of a platform's apps, and where they are attached. */
export class Catalogue {
  readonly addons: readonly Addon[];
  readonly attachments: readonly Attachment[];

  constructor(apps: readonly DeclaredApp[]) {
    this.addons = apps.flatMap(addonsOf);
    this.attachments = apps.flatMap((app) =>
      Object.entries(app.addons).flatMap(([name, { attach }]) => {
        const of = (addon: Addon) =>
          attach === undefined
            ? addon.app === app && addon.attachment === name
            : addon.app.stack === (attach.stack ?? app.stack) && addon.id === attach.addon;
        const addon = this.addons.find(of);
        return addon === undefined ? [] : [{ app, name, addon }];
      }),
    );
  }

  /** Where an add-on is attached, its own app first. */
  of(addon: Addon): readonly Attachment[] {
    const all = this.attachments.filter((each) => each.addon === addon);
    return [...all.filter(({ app }) => app === addon.app), ...all.filter(({ app }) => app !== addon.app)];
  }

  /** The apps that have an add-on: its own, and those that it is attached to. @param which the ids of its app and its own */
  holders(which: { readonly app: string; readonly addon: string } | undefined): readonly DeclaredApp[] {
    const addon = this.addons.find(({ app, id }) => app.id === which?.app && id === which.addon);
    return addon === undefined ? [] : [addon.app, ...this.of(addon).map(({ app }) => app)];
  }

  at(app: DeclaredApp): readonly Attachment[] {
    return this.attachments.filter((each) => each.app.id === app.id);
  }
}

function addonsOf(app: DeclaredApp): Addon[] {
  return Object.entries(app.addons).flatMap(([attachment, settings]) => {
    if (settings.attach !== undefined) return [];
    const { id = attachment, plan = DEFAULT_PLAN, generation = 1, name = defaultAddonName(app.id, id) } = settings;
    return { app, id, attachment, name, plan, generation };
  });
}

/** The environment variable of an attachment. */
export function variableOf(attachment: string): string {
  return `${attachment}_URL`;
}

/** What a name can mean at an app: an attachment or its variable, else every one of the add-on or service of that name. */
export function matching(
  attachments: readonly Attachment[],
  which: string,
  idsOf: (attachment: Attachment) => readonly string[],
): readonly Attachment[] {
  const name = which.toUpperCase();
  const named = attachments.filter((each) => each.name === name || variableOf(each.name) === name);
  if (named.length > 0) return named;
  const known = attachments.filter((each) => each.addon.name === which || idsOf(each).includes(which));
  return known.length > 0 ? known : attachments.filter(() => isService(which));
}
