import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startGitHub } from "../../support/github/github.ts";
import { ground, stackFile } from "./ground.ts";

test("a pull request's stacks are one comment, edited ever after, and a status; 2, 0 and 1 tell what there is", async () => {
  await using there = await ground();
  await using github = await startGitHub();
  const repository = await github.repository("octo/shop");
  // The job's own token is a bot's.
  const bot = github.user("github-actions[bot]", "Bot");
  const token = github.token(bot.login, { permission: "write" });
  repository.collaborators.set(bot.login, "write");
  const sha = await repository.commit("next", { "a.txt": "" });
  const pull = repository.pull("next");
  for (let index = 0; index < 30; index++) repository.comment(pull, "octo", `remark ${index}`);
  // Somebody else's, which begins as ours does.
  repository.comment(pull, "mallory", "<!-- dynoform shop -->\nmine");

  await there.commit({
    "Pulumi.a.yaml": stackFile({ one: { value: "1" } }),
    "Pulumi.b.yaml": stackFile({}),
  });
  const first = await there.run(["up"]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^applied: a, 2 changes\napplied: b, 1 change\n$/m);
  // With the salts that a new stack's file is given.
  const base = await there.commit({});
  await there.commit({ "Pulumi.a.yaml": stackFile({ one: { value: "2", kind: "x" }, two: { value: "2" } }) });
  const event = join(there.project.folder, "event.json");
  await writeFile(event, JSON.stringify({ pull_request: { number: pull.number, head: { sha }, base: { sha: base } } }));
  const summary = join(there.project.folder, "summary.md");
  const actions = {
    GITHUB_ACTIONS: "true",
    GITHUB_API_URL: github.api,
    GITHUB_SERVER_URL: github.url,
    GITHUB_REPOSITORY: "octo/shop",
    GITHUB_EVENT_PATH: event,
    GITHUB_RUN_ID: "7",
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_TOKEN: token.value,
  };
  const ours = () => repository.comments.filter(({ user }) => user.login === bot.login);

  const changes = await there.run(["preview"], actions);
  assert.equal(changes.code, 2, changes.stderr);
  const [comment, ...more] = ours();
  assert.deepEqual(more, []);
  assert.equal(repository.comments.indexOf(comment as never), 31);
  assert.equal(
    comment?.body.replace(/<sub>.*<\/sub>/, ""),
    `<!-- dynoform shop -->
## Dynoform: 1 of 2 stacks would change

### \`a\`: 1 made, 1 replaced

| | resource | what |
| --- | --- | --- |
| replaced | \`thing:Thing\` \`one\` | because of \`kind\`: none → \`"x"\` |
| made | \`thing:Thing\` \`two\` |  |

<details><summary>1 not touched</summary>

The change has nothing of theirs.

</details>

\n`,
  );
  assert.deepEqual(
    repository.statuses.map(({ sha: of, state, context, description, targetUrl }) => [
      of,
      state,
      context,
      description,
      targetUrl,
    ]),
    [[sha, "success", "dynoform/shop", "1 of 2 stacks would change", `${github.url}/octo/shop/actions/runs/7`]],
  );

  // A second push takes it back and breaks another; what is on the page by now stays where it is.
  await there.commit({
    "Pulumi.a.yaml": stackFile({ one: { value: "1" } }),
    "Pulumi.b.yaml": "config:\n  shop:broken: it is\n",
  });
  const failed = await there.run(["preview", "--json"], actions);
  assert.equal(failed.code, 1, failed.stderr);
  const { verdict, stacks } = JSON.parse(failed.stdout);
  assert.deepEqual(
    [verdict, stacks.map(({ stack, status }: Record<string, string>) => `${stack} ${status}`)],
    ["failed", ["a unchanged", "b failed"]],
  );
  assert.match(
    failed.stderr,
    /^::error file=Pulumi\.b\.yaml,line=1,title=the preview failed::Running program.*%0AError: it is%0A/m,
  );
  assert.deepEqual(
    ours().map(({ id }) => id),
    [comment?.id],
  );
  assert.match(comment?.body ?? "", /^### `b`: the preview failed$/m);

  await there.commit({ "Pulumi.b.yaml": `# ours\n${stackFile({})}` });
  const nothing = await there.run(["preview"], { ...actions, GITHUB_TOKEN: "" });
  assert.equal(nothing.code, 0, nothing.stderr);
  assert.match(nothing.stderr, /^there is no GITHUB_TOKEN/m);
  assert.equal(github.requests.filter(({ method }) => method === "DELETE").length, 0);
});

test("a mistake is one line and exit code 1", async () => {
  await using there = await ground();
  await there.commit({ "Pulumi.a.yaml": stackFile({}) });
  for (const [args, message] of [
    [["preview"], /^error: say what to compare with: `dynoform ci preview --base origin\/main`\.\n$/],
    [["preview", "--bse", "x"], /^error: Unknown option '--bse'/],
    [["preview", "nothing", "--base", "HEAD"], /^error: there is no stack file of nothing here\.\n$/],
    [["preview", "--base", "HEAD", "--deny", "addon"], /^error: "addon" is no rule; use create, update/],
    [["deploy"], /^error: say what to do: `dynoform ci preview` or `dynoform ci up`\.\n$/],
  ] as const) {
    const { code, stderr } = await there.run(args);
    assert.match(stderr, message);
    assert.equal(code, 1);
  }
});
