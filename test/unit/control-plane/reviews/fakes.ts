import type { PullRequest } from "../../../../services/control-plane/github/forge/forge.ts";
import type { Review, Reviews } from "../../../../services/control-plane/reviews/ports.ts";
import { ReviewStore } from "../../../../services/control-plane/reviews/store.ts";
import { openStore } from "../../../../services/control-plane/store.ts";

/** Review apps of which nothing is made, for tests of the API. */
export class FakeReviews {
  readonly store = new ReviewStore(openStore(":memory:"), () => Date.UTC(2026, 0, 1));
  readonly open: PullRequest[] = [];
  readonly done: string[] = [];

  port(): Reviews {
    const { store, done } = this;
    return {
      list: (pipeline) => store.list(pipeline),
      byId: (id) => store.byId(id),
      ofApp: (app) => store.ofApp(app),
      pulls: async () => this.open,
      request({ id }, { number, branch, commit }): Review {
        return store.put(id, number, { byHand: true, branch, commit });
      },
      async approve({ id }, pull, commit, login) {
        done.push(`${login} approves ${commit} of ${pull}`);
        return store.put(id, pull, { approved: commit });
      },
      look: ({ name }) => void done.push(`look ${name}`),
      async removeAll({ id }, why, work) {
        done.push(`remove all of ${id}: ${why}`);
        await work?.();
      },
    };
  }
}
