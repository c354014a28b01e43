import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Provider } from "../engine/src/plugin/contract.ts";
import { packageRoot } from "../lib/package-root.ts";
import { build } from "./build/build.ts";
import { certificate } from "./certificate/certificate.ts";
import { giteaDeployKey } from "./gitea/deploy-key.ts";
import { lookUpGitea } from "./gitea/look-up.ts";
import { giteaWebhook } from "./gitea/webhook.ts";
import { providerOf } from "./kit/index.ts";
import { password } from "./password/password.ts";
import { dynoProcess } from "./process/process.ts";
import { release } from "./release/release.ts";
import { releaseTask } from "./release-task/release-task.ts";
import { route } from "./route/route.ts";

/** The provider `dyno`: what Dynoform adds to Docker and Postgres. */
export function createProvider(): Provider {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  return providerOf(
    "dyno",
    version,
    {
      "dyno:index:Build": build,
      "dyno:index:Certificate": certificate,
      "dyno:index:DynoProcess": dynoProcess,
      "dyno:index:GiteaDeployKey": giteaDeployKey,
      "dyno:index:GiteaWebhook": giteaWebhook,
      "dyno:index:Password": password,
      "dyno:index:Release": release,
      "dyno:index:ReleaseTask": releaseTask,
      "dyno:index:Route": route,
    },
    { "dyno:index:lookUpGitea": lookUpGitea },
  );
}
