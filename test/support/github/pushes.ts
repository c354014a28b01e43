import { NOTHING } from "./bare-repository.ts";
import { type Place, utc } from "./shapes.ts";
import { fullName, type Repository } from "./state.ts";

/** Commits that a payload has at most. */
const MOST = 2048;

/** The payload of `push`, without repository and sender. */
export async function pushPayload(repository: Repository, place: Place, branch: string, before: string, after: string) {
  const { git } = repository;
  const at = `${place.url}/${fullName(repository)}`;
  const gone = after === NOTHING;
  const base = before === NOTHING || gone ? undefined : await git.mergeBase(before, after);
  const ids = gone ? [] : await git.between(before, after);
  const shapeOf = async (id: string) => {
    const commit = await git.read(id);
    const person = { name: commit?.name ?? "", email: commit?.email ?? "" };
    return {
      id,
      tree_id: commit?.tree ?? "",
      distinct: true,
      message: commit?.message ?? "",
      timestamp: utc(commit?.date ?? ""),
      url: `${at}/commit/${id}`,
      author: person,
      committer: person,
      added: [],
      removed: [],
      modified: [],
    };
  };
  return {
    ref: `refs/heads/${branch}`,
    before,
    after,
    created: before === NOTHING,
    deleted: gone,
    forced: before !== NOTHING && !gone && base !== before,
    base_ref: null,
    compare: `${at}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: await Promise.all(ids.slice(-MOST).map(shapeOf)),
    head_commit: gone ? null : await shapeOf(after),
    pusher: { name: repository.owner.login, email: "octo@example.com" },
  };
}
