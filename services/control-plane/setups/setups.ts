import { messageOf, UserError } from "../../../lib/errors.ts";
import type { Apps } from "../apps/apps.ts";
import type { DeclaredApp } from "../apps/declared.ts";
import type { Builds } from "../deploys/builds.ts";
import { DeployFailed } from "../deploys/deploy-commit.ts";
import type { OneOffDynos } from "../one-off/one-off-dynos.ts";
import type { LogSink } from "../types.ts";
import { type AppJson, BadAppJson, readAppJson } from "./app-json.ts";
import { initialConfig, placed } from "./config.ts";
import { configure, runScript } from "./set-up.ts";
import type { AppSetup, SetupStore } from "./store.ts";

/** An app, as far as setting it up needs it. */
type NewApp = Pick<DeclaredApp, "name" | "id" | "stack" | "url">;

export interface SetupWish {
  readonly app: NewApp;
  /** Brings the source into the app's repository. @returns the commit @throws UserError */
  source(): Promise<string>;
  /** Config vars that whoever sets it up gives. */
  readonly config: Readonly<Record<string, string>>;
  readonly user: string;
}

export interface SetupsOptions {
  readonly store: SetupStore;
  readonly apps: Pick<Apps, "change" | "destroy" | "list">;
  readonly builds: Pick<Builds, "start">;
  readonly oneOffs: Pick<OneOffDynos, "create" | "exitCode">;
  readonly log: LogSink;
  /** The `app.json` of a commit; undefined: it has none. */
  appJson(app: NewApp, commit: string): Promise<string | undefined>;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/**
 * Sets apps up as their `app.json` says: add-ons, config vars and formation in one change, then the first deploy, then the
 * postdeploy script, once. An app whose setting up fails goes again.
 */
export class Setups {
  readonly #options: SetupsOptions;

  constructor(options: SetupsOptions) {
    this.#options = options;
  }

  get(id: string): AppSetup | undefined {
    return this.#options.store.get(id);
  }

  /** Begins to set an app up that was just made; how it goes on stands in the setup. */
  begin(wish: SetupWish): AppSetup {
    const { store, report } = this.#options;
    const setup = store.begin(wish.app);
    this.#run(setup.id, wish).then(
      (successUrl) => store.change(setup.id, { status: "succeeded", successUrl }),
      async (error: unknown) => {
        const foreseen = error instanceof UserError || error instanceof DeployFailed;
        if (!foreseen) report(`the setting up of ${wish.app.name}: ${messageOf(error)}`);
        const why = foreseen ? reasonOf(error) : "something is wrong with the control plane; its log says more";
        const left = await this.#remove(wish.app.name, wish.user);
        const problems = error instanceof BadAppJson ? error.manifestErrors : [];
        store.change(setup.id, { status: "failed", failure: [why, ...left].join("\n"), problems });
      },
    );
    return setup;
  }

  /** Ends what an earlier control plane began; when all changes have ended that it began. */
  async recover(): Promise<void> {
    const { store, apps } = this.#options;
    const present = new Set((await apps.list()).map(({ id }) => id));
    for (const { id, app, name } of store.pending()) {
      const left = present.has(app) ? await this.#remove(name, "dynoform") : [];
      const failure = ["the control plane was ended before the app was set up", ...left].join("\n");
      store.change(id, { status: "failed", failure });
    }
  }

  /** @returns where the app shows that it is set up */
  async #run(id: string, { app, source, config, user }: SetupWish): Promise<string | null> {
    const { store, apps, builds, log, appJson } = this.#options;
    const tell = (text: string) => log.write(app.name, { source: "app", process: "api", text });
    const commit = await source();
    const text = await appJson(app, commit);
    if (text === undefined) throw new UserError("the source has no app.json, which says what an app needs");
    const json = readAppJson(text);
    for (const remark of json.remarks) tell(`app.json: ${remark}`);
    const addons = placed(json.addons);
    const variables = initialConfig(json, config, addons);
    await configure(apps, app.name, { addons, formation: json.formation, variables }, user);
    const { build, ended } = await builds.start(app, commit, user);
    store.change(id, { build: build.id });
    await ended;
    await this.#postdeploy(id, app, json);
    return successUrl(app, json);
  }

  async #postdeploy(id: string, { name }: NewApp, { postdeploy }: AppJson): Promise<void> {
    if (postdeploy === undefined) return;
    const exitCode = await runScript(this.#options, name, "postdeploy", postdeploy);
    this.#options.store.change(id, { exitCode });
    if (exitCode !== 0) throw new UserError(`the postdeploy script failed with exit code ${exitCode}`);
  }

  /** @returns why it could not be done, if it could not */
  async #remove(name: string, user: string): Promise<string[]> {
    try {
      await this.#options.apps.destroy(name, { user, description: `Destroy ${name}, which could not be set up` });
      return [];
    } catch (error) {
      return [`${name} could not be removed: ${messageOf(error)}`];
    }
  }
}

/** Why a deploy failed says its log; the first line of it stands with what caused it. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof DeployFailed && error.cause !== undefined ? error.cause : error;
  const [first = ""] = messageOf(cause).split("\n");
  return error instanceof DeployFailed ? `${error.message}: ${first}` : messageOf(error);
}

function successUrl({ url }: NewApp, { successUrl: wanted }: AppJson): string | null {
  if (wanted === undefined) return url;
  return URL.canParse(wanted, url) ? new URL(wanted, url).href : url;
}
