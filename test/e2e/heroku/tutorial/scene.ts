import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { apiOf } from "../../../support/dyno-manager.ts";
import { type Recorder, recorder } from "../../../support/heroku/recorder.ts";
import { type HerokuUser, herokuUser } from "../../../support/heroku/user.ts";
import type { TestPlatform } from "../../../support/platform.ts";

/** What the parts of the tutorial share. */
export interface Scene {
  readonly platform: TestPlatform;
  readonly recorder: Recorder;
  /** Who does it all. */
  readonly ann: HerokuUser;
  readonly email: string;
  readonly password: string;
}

export type Part = (t: TestContext, scene: Scene) => Promise<void>;

/** A platform that is up, its first admin, and the official command line behind what records the API's answers. */
export async function scene(platform: TestPlatform): Promise<Scene & AsyncDisposable> {
  const between = await recorder(platform.ports.api);
  const ann = await herokuUser(platform, "ann", between.port);
  const { body } = await (await apiOf(platform)).ask("POST", "/actions/claim-first-admin", {});
  assert.equal(typeof body.password, "string");
  const { email, password } = body;
  return {
    platform,
    recorder: between,
    ann,
    email,
    password,
    [Symbol.asyncDispose]: () => between[Symbol.asyncDispose](),
  };
}
