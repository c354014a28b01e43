import assert from "node:assert/strict";
import { test } from "node:test";
import { connectPlatform } from "../../../infra/platform/connection.ts";
import { UserError } from "../../../lib/errors.ts";
import { platform } from "./fixtures.ts";
import { record } from "./recording.ts";

const NOT_UP = `the platform's stack "platform" is not up; bring it up first: npm run up (or pulumi up -s platform)`;
const FULL = "organization/dynoform/platform";

const refusal = (stacks: Record<string, Record<string, unknown>>) =>
  record(
    async () => {
      try {
        await connectPlatform("platform");
      } catch (error) {
        return error;
      }
      return undefined;
    },
    { stacks },
  );

test("what another stack of the project put out, plain but for the password", async () => {
  const { result } = await record(() => connectPlatform("platform"), { stacks: { [FULL]: { ...platform } } });
  const { provisionerPassword, ...plain } = result;
  const { provisionerPassword: expected, ...rest } = platform;
  assert.deepEqual(plain, rest);
  const password = provisionerPassword as unknown as { promise(): Promise<string>; isSecret: Promise<boolean> };
  assert.equal(await password.promise(), expected);
  assert.equal(await password.isSecret, true);
});

test("a platform that is not up is one clear line", async () => {
  const cases: Record<string, Record<string, Record<string, unknown>>> = {
    "no such stack": {},
    "destroyed, or never brought up": { [FULL]: {} },
    "no platform": { [FULL]: { url: "http://hello.localhost" } },
  };
  for (const [name, stacks] of Object.entries(cases)) {
    const { result } = await refusal(stacks);
    assert.ok(result instanceof UserError, name);
    assert.equal(result.message, NOT_UP, name);
  }
});
