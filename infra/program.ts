import * as pulumi from "@pulumi/pulumi";
import { connectDatabases } from "./app/addons.ts";
import { App } from "./app/app.ts";
import { connectPlatform } from "./platform/connection.ts";
import { connectionOutputs, Platform } from "./platform/platform.ts";
import { readStackFile } from "./stack/stack-file.ts";

/** The stack file's declaration as resources; what it returns are the stack's outputs. */
export default async function program(): Promise<Record<string, unknown>> {
  const stack = pulumi.getStack();
  const file = readStackFile(pulumi.runtime.allConfig(), stack);
  if (file.kind === "platform") {
    return connectionOutputs(new Platform("platform", file.settings));
  }
  const { platform, ...settings } = file.settings;
  const app = new App(settings.name ?? stack, {
    ...settings,
    platform: await connectPlatform(platform ?? "platform"),
    databases: await connectDatabases(settings.addons),
    config: file.config,
  });
  const { name, url, dynos, image, build, formation, release, releases, configs, environment, databases } = app;
  return { name, url, dynos, image, build, formation, release, releases, configs, environment, databases };
}
