import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { schemathesis } from "../../support/schemathesis.ts";
import { serve, TOKEN } from "../../unit/control-plane/api/served.ts";

/** What stands for names in paths, so that requests come further than "there is no such app". */
const CONFIG = `
[parameters]
"path.app" = "shop"
"path.type" = "web"
"path.dyno" = "web.1"
"path.release" = "v1"
"path.addon" = "DATABASE"
"path.user" = "~"

# Or the others would have no app.
[[operations]]
include-name = ["DELETE /apps/{app}", "PATCH /apps/{app}"]
parameters = { "path.app" = "blog" }
`;

const ENOUGH = { burst: 1e9, hourly: 1e9 };

test("whatever is asked of what the API describes, it does not fail, and answers as described", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "schemathesis-"));
  await using parts = new AsyncDisposableStack();
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const rates = { account: ENOUGH, stranger: ENOUGH };
  const served = parts.use(await serve(undefined, undefined, {}, {}, rates));
  await writeFile(join(folder, "schemathesis.toml"), CONFIG);
  const args = ["--config-file", "schemathesis.toml", "--no-color", "run"];
  const { exitCode, output } = await schemathesis(
    [
      ...args,
      `http://127.0.0.1:${served.port}/openapi.json`,
      ...["--header", `Authorization: Bearer ${TOKEN}`],
      ...["--seed", "1", "--generation-deterministic", "--max-examples", "3"],
      ...["--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--no-shrink", "--request-timeout", "5"],
      // A handler may know better than a schema what there is; and a path may be one of two routes.
      ...["--exclude-checks", "positive_data_acceptance,allow_header_conformance", "--warnings", "off"],
    ],
    folder,
  );
  for (const line of output.match(/^ +(?:Tested: |\d+ generated).*$/gm) ?? []) t.diagnostic(line.trim());
  assert.equal(exitCode, 0, output.slice(-8000));
  assert.deepEqual(served.problems, []);
});
