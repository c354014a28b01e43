import { messageOf } from "../../../lib/errors.ts";
import { type DeployCommit, DeployFailed, type PushTarget, type Say } from "../deploys/deploy-commit.ts";
import { PushedRefs } from "./refs.ts";
import { isCreation, isDeletion, type Update, type Verdict } from "./verdict.ts";

/** The branches that are deployed. */
const DEPLOYED = ["main", "master"];

/**
 * What a push does: `main` or `master` is deployed, and moves only when the new commit serves. Whether whoever pushed
 * still listens makes no difference.
 */
export class Pushes {
  readonly #deploy: DeployCommit;
  /** What is being deployed, by app. */
  readonly #current = new Map<string, { readonly commit: string; readonly user: string }>();

  constructor(deploy: DeployCommit) {
    this.#deploy = deploy;
  }

  /** @returns what becomes of each ref */
  async receive(app: PushTarget, user: string, updates: readonly Update[], say: Say): Promise<Verdict[]> {
    const verdicts: Verdict[] = [];
    let deployed = false;
    for (const update of updates) {
      const { ref } = update;
      const branch = ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : undefined;
      if (ref.startsWith("refs/tags/")) verdicts.push({ ref, end: "left" });
      else if (branch === undefined) verdicts.push(refuse(ref, "only branches and tags can be pushed"));
      else if (!DEPLOYED.includes(branch)) verdicts.push(skip(app, branch, update, say));
      else if (deployed) verdicts.push(refuse(ref, "main or master is deployed, not both at once"));
      else {
        deployed = true;
        verdicts.push(await this.#branch(app, user, branch, update, say));
      }
    }
    return verdicts;
  }

  /**
   * Ends what a control plane that was killed had begun, when all its changes are finished: the branch moves if the
   * commit is what the app is declared to run.
   *
   * @param declared the commit in the app's stack file
   */
  async recover(app: PushTarget, declared: string | undefined): Promise<void> {
    if (this.#current.has(app.name)) return;
    const refs = new PushedRefs(app.repository);
    for (const [branch, commit] of await refs.held()) {
      if (commit === declared) await refs.take(branch, commit);
      else await refs.drop(branch, commit);
    }
  }

  async #branch(app: PushTarget, user: string, branch: string, update: Update, say: Say): Promise<Verdict> {
    const { ref, before, after } = update;
    if (isDeletion(update)) {
      warn(say, `${branch} is what ${app.name} runs and cannot be deleted.`, "To delete the app: heroku apps:destroy");
      return refuse(ref, `${branch} cannot be deleted`);
    }
    const current = this.#current.get(app.name);
    if (current !== undefined) {
      warn(say, `${app.name} is being deployed already: ${current.commit.slice(0, 7)}, pushed by ${current.user}.`);
      warn(say, "Push again when that is done.");
      return refuse(ref, "another push is being deployed");
    }
    this.#current.set(app.name, { commit: after, user });
    try {
      const refs = new PushedRefs(app.repository);
      if (!(await refs.isCommit(after))) return refuse(ref, "it is no commit; of a tag, push TAG^{}");
      // Git leaves that to us too.
      if (((await refs.get(ref)) ?? "") !== (isCreation(update) ? "" : before)) return refuse(ref, "fetch first");
      return await this.#take(app, user, refs, { branch, commit: after }, say);
    } finally {
      this.#current.delete(app.name);
    }
  }

  async #take(
    app: PushTarget,
    user: string,
    refs: PushedRefs,
    { branch, commit }: { readonly branch: string; readonly commit: string },
    say: Say,
  ): Promise<Verdict> {
    const ref = `refs/heads/${branch}`;
    await refs.hold(branch, commit);
    try {
      await this.#deploy(app, commit, user, say);
    } catch (error) {
      await refs.drop(branch, commit);
      if (!(error instanceof DeployFailed)) throw error;
      say("");
      warn(say, `Push rejected to ${app.name}.`);
      return refuse(ref, messageOf(error));
    }
    await refs.take(branch, commit);
    return { ref, end: "taken" };
  }
}

function skip(app: PushTarget, branch: string, update: Update, say: Say): Verdict {
  const ref = update.ref;
  warn(say, `Pushed to branch other than [${DEPLOYED.join(", ")}], skipping deploy.`);
  if (!isDeletion(update)) warn(say, `To deploy this branch to ${app.name}: git push heroku ${branch}:main`);
  return refuse(ref, "only main and master are deployed");
}

function warn(say: Say, ...lines: readonly string[]): void {
  for (const line of lines) say(` !     ${line}`);
}

function refuse(ref: string, reason: string): Verdict {
  return { ref, end: "refused", reason };
}
