import { existsSync } from "node:fs";
import { messageOf } from "../../../lib/errors.ts";
import type { Places } from "../../../model/platform/control-plane.ts";
import { declaredCommit } from "../../../model/stack/declared.ts";
import { repositoryPath } from "../../../sources/git/repository.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Apps } from "../apps/apps.ts";
import type { DeclaredApp } from "../apps/declared.ts";
import type { DeployCommit, PushTarget } from "../deploys/deploy-commit.ts";
import { GitServer, type GitServerOptions } from "./git-server.ts";
import { Pushes } from "./pushes.ts";

interface OpenGitOptions extends Pick<GitServerOptions, "report"> {
  readonly accounts: Pick<Accounts, "who" | "may" | "audit">;
  readonly apps: Apps;
  readonly deploy: DeployCommit;
  /** The platform's folder. */
  readonly directory: string;
  readonly places: Places;
}

/** Git for the apps of a platform. */
interface Git extends AsyncDisposable {
  readonly serve: GitServer["serve"];
  /** Ends what a control plane that was killed had begun; when its changes are finished. */
  recover(): Promise<void>;
}

export async function openGit({ accounts, apps, deploy, directory, places, report }: OpenGitOptions): Promise<Git> {
  const pushes = new Pushes(deploy);
  const target = ({ name, id }: DeclaredApp): PushTarget => ({ name, id, repository: repositoryPath(directory, id) });
  const server = await GitServer.open({
    pushes,
    socket: places.pushSocket,
    hooks: places.hooks,
    who: (authorization, sender) => accounts.who(authorization, sender),
    report,
    async find(name, caller) {
      const app = await apps.get(name);
      if (app === undefined || !accounts.may(caller, app.id, "use")) return undefined;
      // An id becomes part of a path.
      return /^[a-z][a-z0-9-]*$/.test(app.id) ? target(app) : undefined;
    },
    audit: (caller, from, app) =>
      accounts.audit({ caller, from, method: "POST", route: "/:app.git/git-receive-pack", app, status: 200 }),
  });
  return {
    serve: server.serve,
    async recover() {
      for (const app of await apps.list()) {
        const { repository } = target(app);
        if (!existsSync(repository)) continue;
        await pushes
          .recover(target(app), declaredCommit(app.settings))
          .catch((error: unknown) => report(`a push to ${app.name} could not be ended: ${messageOf(error)}`));
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
