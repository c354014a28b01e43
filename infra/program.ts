import * as pulumi from "@pulumi/pulumi";
import type { LedgerEntry } from "../model/app/ledger.ts";
import { DEFAULT_PLATFORM_STACK } from "../model/stack/keys.ts";
import { connectDatabases } from "./app/addons.ts";
import { App } from "./app/app.ts";
import { pipeline } from "./pipeline/program.ts";
import { connectPlatform, readStackOutputs } from "./platform/connection.ts";
import { connectionOutputs, Platform } from "./platform/platform.ts";
import { readStackFile } from "./stack/stack-file.ts";
import { writtenFile } from "./stack/written-file.ts";

/** The stack file's declaration as resources; what it returns are the stack's outputs. */
export default async function program(): Promise<Record<string, unknown>> {
  const stack = pulumi.getStack();
  const file = readStackFile(pulumi.runtime.allConfig(), stack, await writtenFile(stack));
  if (file.kind === "platform") {
    return connectionOutputs(new Platform("platform", { ...file.settings, dnsCredentials: file.dnsCredentials }));
  }
  if (file.kind === "github") {
    // Its SDK is for these stacks alone.
    const { gitHubLink } = await import("./github/program.ts");
    return gitHubLink(stack, file.settings, file.credential);
  }
  if (file.kind === "pipeline") return pipeline(stack, file);
  const { platform, name = stack, ...settings } = file.settings;
  const app = new App(
    stack,
    {
      ...settings,
      name,
      platform: await connectPlatform(platform ?? DEFAULT_PLATFORM_STACK),
      databases: await connectDatabases(settings.addons),
      config: file.config,
      certificateKeys: file.certificateKeys,
      ...(settings.labs?.includes("runtime-dyno-metadata") && (await lastRelease(stack))),
    },
    // The component was called what the app is called; its stack's name stays when the app is renamed.
    { aliases: name === stack ? [] : [{ name }] },
  );
  const { url, dynos, image, build, formation, release, releases, configs, environment, databases, metadata } = app;
  const deployed = image === undefined ? {} : { image, build };
  return { name, url, dynos, ...deployed, formation, release, releases, configs, environment, databases, metadata };
}

/** As the stack put it out when it was brought up last; null: there was none; nothing where it cannot be read. */
async function lastRelease(stack: string): Promise<{ readonly lastRelease?: LedgerEntry | null }> {
  const outputs = await readStackOutputs(stack).catch(() => undefined);
  if (outputs === undefined) return {};
  return { lastRelease: (Array.isArray(outputs.releases) ? outputs.releases.at(-1) : undefined) ?? null };
}
