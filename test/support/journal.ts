import { placesOf } from "../../model/platform/control-plane.ts";
import { Journal } from "../../services/control-plane/apps/journal.ts";
import { openStore } from "../../services/control-plane/store.ts";
import { runtimeDirectory } from "./dyno-manager.ts";
import type { TestPlatform } from "./platform.ts";

/** What a platform's control plane has written down of what was done to apps. */
export function openJournal(platform: TestPlatform): Pick<Journal, "activity"> & Disposable {
  const store = openStore(placesOf(runtimeDirectory(platform)).store);
  const journal = new Journal(store);
  return { activity: (app) => journal.activity(app), [Symbol.dispose]: () => store.close() };
}
