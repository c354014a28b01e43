import type { Hands, Making } from "./hands.ts";
import { type Review, STAGES, type Stage } from "./ports.ts";
import type { ReviewStore } from "./store.ts";

/** What has to be done to an app that has come as far as its review says. */
const before = (stage: Stage, than: Stage) => STAGES.indexOf(stage) < STAGES.indexOf(than);

/**
 * Makes an app run a pull request's commit: what is done once has been done before, or is done now. The pull request is
 * read again first, since it may have been closed while the app was made.
 *
 * @returns whether it runs that commit; else the pull request is to be looked at again
 * @throws what kept it from that
 */
export async function setUp(hands: Hands, store: ReviewStore, making: Making): Promise<boolean> {
  const { app, pipeline, pull, at } = making;
  const reached = (stage: Stage, more: Partial<Pick<Review, "predestroy">> = {}) =>
    store.put(pipeline.id, pull.number, { stage, ...more });
  if (!(await isStill(making))) return false;
  if ((await hands.fetch(making)) !== pull.commit) return false;
  let { stage } = store.put(pipeline.id, pull.number, { status: "creating", message: null });
  if (before(stage, "configured")) {
    const { predestroy = null } = await hands.configure(making);
    ({ stage } = reached("configured", { predestroy }));
  }
  if (before(stage, "filled")) {
    await hands.fill(making);
    ({ stage } = reached("filled"));
  }
  if (!(await isStill({ pull, at }))) return false;
  if (app.commit !== pull.commit) await hands.deploy(making);
  if (before(stage, "scripted")) {
    // Noted first: what was cut short is not run a second time.
    reached("scripted");
    await hands.postdeploy(making);
  }
  reached("done");
  return true;
}

/** Whether a pull request is open, and at the commit that it was at. */
export async function isStill({ pull: { number, commit }, at }: Pick<Making, "pull" | "at">): Promise<boolean> {
  const now = await at.forge.pull(at.repository.fullName, number);
  return now?.open === true && now.commit === commit;
}
