/** What people expect around a repository: workflows, forms, settings of other tools. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { packageRoot } from "../../lib/package-root.ts";

const root = packageRoot();
const text = (file: string) => readFileSync(join(root, file), "utf8");
const manifest = JSON.parse(text("package.json"));

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<
      string,
      {
        readonly "runs-on": string;
        readonly "timeout-minutes": number;
        readonly strategy?: { readonly matrix?: { readonly node?: readonly number[] } };
        readonly steps: readonly Step[];
      }
    >
  >;
}

/** The commands of npm's that need no script. */
const BUILT_IN = /^npm (ci|audit|publish)( --?[\w-]+(=\S+)?| public)*$/;
const SUITES = ["checks", "unit", "engine", "docker", "e2e"];

/** Whether a line of a workflow can be run: a script that there is, with suites that there are. */
function runs(line: string): boolean {
  if (BUILT_IN.test(line)) return true;
  const [, script, only] = /^npm (?:run )?([\w:-]+)(?: -- --only ([\w,]+))?$/.exec(line) ?? [];
  return (
    Object.hasOwn(manifest.scripts, script ?? "") &&
    (only ?? "").split(",").every((suite) => suite === "" || SUITES.includes(suite))
  );
}

const workflows = globSync(".github/workflows/*.yml", { cwd: root });

for (const file of workflows) {
  test(`${file} runs what there is, for a bounded time, and may only what it needs`, () => {
    const { name, on, permissions, jobs }: Workflow = parse(text(file), { strict: true });
    assert.equal(file, `.github/workflows/${name}.yml`);
    assert.ok(Object.keys(on).length > 0);
    assert.equal(permissions.contents, "read");
    for (const [job, { "runs-on": machine, "timeout-minutes": minutes, strategy, steps }] of Object.entries(jobs)) {
      assert.match(machine, /^ubuntu-\d\d\.\d\d$/, job);
      assert.ok(minutes > 0 && minutes <= 180, job);
      for (const { run, uses } of steps) {
        if (run !== undefined) for (const line of run.trim().split("\n")) assert.ok(runs(line), `${job}: ${line}`);
        else assert.match(uses ?? "", /^actions\/[\w-]+@(v\d+|[0-9a-f]{40})$/, job);
      }
      const [checkout, node] = steps;
      assert.match(checkout?.uses ?? "", /^actions\/checkout@/, job);
      const version = node?.with?.["node-version"];
      if (strategy === undefined) assert.equal(version, 24, job);
      else assert.deepEqual([version, strategy.matrix?.node], ["$" + "{{ matrix.node }}", [22, 24]], job);
    }
  });
}

test("checks run on each pull request, and all each night", () => {
  const [checks, nightly]: Workflow[] = ["checks", "nightly"].map((name) =>
    parse(text(`.github/workflows/${name}.yml`)),
  );
  assert.ok(checks !== undefined && "pull_request" in checks.on);
  assert.ok(nightly !== undefined && "schedule" in nightly.on);
  assert.ok(Object.values(nightly.jobs).some(({ steps }) => steps.some(({ run }) => run === "npm test")));
  for (const line of ["npm test -- --only nothing", "npm run nothing", "curl x | sh", "npm ci && x"]) {
    assert.equal(runs(line), false, line);
  }
});

test("an issue's forms ask something, and say what they are for", () => {
  const forms = globSync(".github/ISSUE_TEMPLATE/*.yml", { cwd: root }).filter((file) => !file.endsWith("config.yml"));
  assert.ok(forms.length >= 2);
  for (const file of forms) {
    const { name, description, body } = parse(text(file), { strict: true });
    assert.ok(name && description, file);
    const asked = body.filter(({ type }: { type: string }) => type !== "markdown");
    const ids = asked.map(({ id }: { id: string }) => id);
    assert.equal(new Set(ids).size, ids.length, file);
    for (const { type, attributes } of asked) {
      assert.ok(["input", "textarea", "dropdown", "checkboxes"].includes(type), `${file}: ${type}`);
      assert.ok(attributes.label, file);
      if (type === "dropdown")
        assert.ok(
          attributes.options.every((each: unknown) => typeof each === "string"),
          file,
        );
    }
    assert.ok(
      asked.some(({ validations }: { validations?: { required?: boolean } }) => validations?.required),
      file,
    );
  }
});

test("the hooks run tools that are installed, and editors write as the formatter does", () => {
  const hooks = parse(text("lefthook.yml"), { strict: true })["pre-commit"].commands as Record<string, { run: string }>;
  for (const { run } of Object.values(hooks)) {
    const [, tool = ""] = /^npx (\w+) /.exec(run) ?? [];
    assert.ok(existsSync(join(root, "node_modules/.bin", tool)), run);
  }
  const { formatter } = JSON.parse(text("biome.json"));
  const editor = text(".editorconfig");
  assert.ok(editor.includes(`indent_style = ${formatter.indentStyle}`));
  assert.ok(editor.includes(`indent_size = ${formatter.indentWidth}`));
  assert.ok(editor.includes(`max_line_length = ${formatter.lineWidth}`));
});

test("updates of dependencies wait some days, but not those that mend a vulnerability", () => {
  const renovate = JSON.parse(text("renovate.json"));
  assert.match(renovate.minimumReleaseAge, /^\d+ days$/);
  assert.equal(renovate.vulnerabilityAlerts.minimumReleaseAge, null);
  assert.equal(renovate.rangeStrategy, "pin");
});

test("there is one way to report a vulnerability, and it is nobody's address", () => {
  const policy = text("SECURITY.md");
  assert.match(policy, /Report a vulnerability/);
  assert.match(policy, /\(docs\/security\.md\)/);
  assert.doesNotMatch(policy + text("docs/security.md"), /[\w.]+@[\w-]+\.\w+/);
  assert.match(text("docs/security.md"), /\(\.\.\/SECURITY\.md\)/);
});

test("the changelog has a place for what comes, and every release says what to do", () => {
  const changelog = text("CHANGELOG.md");
  const releases = changelog.split(/^## /m).slice(1);
  assert.match(releases[0] ?? "", /^Unreleased\n/);
  assert.ok(releases.length >= 2);
  for (const release of releases.slice(1)) {
    assert.match(release, /^\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)\n/);
    assert.match(release, /^### Upgrading$/m);
  }
});
