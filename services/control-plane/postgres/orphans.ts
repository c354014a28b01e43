import type { Apps } from "../apps/ports.ts";

/**
 * Takes from apps what they attached of one that is no more: their stacks could not be brought up otherwise.
 *
 * @throws what the first change that failed says
 */
export async function detachOrphans(apps: Pick<Apps, "list" | "change">, user: string): Promise<void> {
  const all = await apps.list();
  const stacks = new Set(all.map(({ stack }) => stack));
  for (const { name, addons } of all) {
    const orphans = Object.entries(addons).filter(([, { attach }]) => attach?.stack && !stacks.has(attach.stack));
    if (orphans.length === 0) continue;
    const attachments = orphans.map(([attachment]) => attachment);
    await apps.change(name, { user, description: `Detach ${attachments.join(", ")}, whose app is gone` }, (file) => {
      for (const attachment of attachments) file.addon(attachment, undefined);
    });
  }
}
