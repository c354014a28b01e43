import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Case, CaseApp } from "../../support/cases.ts";

/** Pushes what lies there now. Gives what Git printed. */
async function push(app: CaseApp, message: string, refused = false): Promise<string> {
  await app.commit(message, "--allow-empty");
  const { exitCode, output } = await app.git("push", "heroku", "main");
  assert.equal(exitCode !== 0, refused, output);
  return output;
}

/** Asks for the stylesheet that a page names. */
async function stylesheet(app: CaseApp, path: string) {
  const page = await app.fetch(path);
  assert.equal(page.status, 200, page.body);
  const [found = ""] = /\/static\/site\.[0-9a-f]+\.css/.exec(page.body) ?? [];
  return app.fetch(found);
}

export const cases: readonly Case[] = [
  {
    name: "collectstatic",
    folder: "02-collectstatic",
    refused: true,
    async check(app) {
      assert.match(app.pushed, /-----> \$ python manage\.py collectstatic --noinput/);
      assert.match(app.pushed, /KeyError: 'SECRET_KEY'/);
      assert.match(
        app.pushed,
        / ! {5}Unable to generate Django static files: .*heroku config:set DISABLE_COLLECTSTATIC=1/,
      );
      await app.api.set({ SECRET_KEY: "hunter2-of-collectstatic" });
      const output = await push(app, "With a key");
      assert.match(output, /1 static file copied to '\/app\/staticfiles'/);
      assert.ok(!output.includes("hunter2"));
      assert.equal((await stylesheet(app, "/page")).status, 200);
      await app.api.set({ DISABLE_COLLECTSTATIC: "1" });
      await writeFile(join(app.work, "another"), "");
      const skipped = "-----> Skipping Django collectstatic since the env var DISABLE_COLLECTSTATIC is set.";
      assert.ok((await push(app, "Without")).includes(skipped));
    },
  },
  {
    name: "build-hooks",
    folder: "10-build-hooks",
    config: { GREETING: "hello" },
    // To download corpora takes a network that tests cannot count on.
    prepare: (work) => rm(join(work, "nltk.txt")),
    async check(app) {
      assert.match(app.pushed, /-----> Running bin\/pre_compile hook[\s\S]*-----> Running bin\/post_compile hook/);
      assert.match(app.pushed, /-----> Downloading NLTK corpora\.\.\.\s+remote: {8}'nltk\.txt' not found/);
      assert.match((await app.fetch()).body, /^made before the packages\n3\.\d+\S*\nhello\n$/);
    },
  },
  {
    name: "database-in-hook",
    folder: "04-print-unbuffered",
    database: true,
    async prepare(work) {
      await mkdir(join(work, "bin"), { recursive: true });
      await writeFile(
        join(work, "bin/post_compile"),
        '#!/bin/sh\npsql "$DATABASE_URL" -c "CREATE TABLE made AS SELECT 42"\n',
      );
    },
    async check(app) {
      assert.match(app.pushed, /-----> Running bin\/post_compile hook\s+remote: {8}SELECT 1/);
      assert.match(await app.run('psql "$DATABASE_URL" -At -c "TABLE made"'), /^42$/m);
    },
  },
  {
    name: "no-procfile",
    folder: "04-print-unbuffered",
    prepare: (work) => rm(join(work, "Procfile")),
    async check(app) {
      assert.match(app.pushed, /-----> Warning: Procfile: is missing, so nothing runs;/);
      assert.match(app.pushed, /Procfile declares types -> \(none\)/);
      assert.equal((await app.fetch()).status, 503);
      assert.match(await app.run("ls /app"), /requirements\.txt/);
    },
  },
  {
    name: "submodule",
    folder: "15-submodule",
    // A clone that was added by mistake: a submodule that .gitmodules does not name.
    async prepare(work) {
      const widgets = join(work, "widgets");
      await mkdir(widgets);
      await writeFile(join(widgets, "__init__.py"), 'NAME = "from the submodule"\n');
      for (const args of [
        ["init", "--quiet"],
        ["add", "."],
        ["commit", "--quiet", "--message", "widgets"],
      ]) {
        execFileSync("git", ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", ...args], { cwd: widgets });
      }
    },
    refused: true,
    async check(app) {
      assert.match(app.pushed, /widgets: is a submodule, but there is no submodule mapping found in \.gitmodules/);
      const naming = async (url: string, message: string) => {
        const text = `[submodule "widgets"]\n\tpath = widgets\n\turl = ${url}\n`;
        await writeFile(join(app.work, ".gitmodules"), text);
        return push(app, message, true);
      };
      assert.match(
        await naming("git@example.com:widgets.git", "By SSH"),
        /widgets: .* takes nothing but https; name a public/,
      );
      const unknown = await naming("https://submodules.invalid/widgets.git", "Nowhere");
      assert.match(unknown, /-----> Fetching submodules[\s\S]*submodules\.invalid/);
      assert.match(unknown, / ! {5}Submodule install failed: /);

      await app.git("rm", "--quiet", "--cached", "widgets", ".gitmodules");
      await rm(join(app.work, ".gitmodules"));
      await rm(join(app.work, "widgets", ".git"), { recursive: true });
      await push(app, "Files of its own");
      assert.equal((await app.fetch()).body, "from the submodule");
    },
  },
  {
    name: "build-config-vars",
    folder: "28-build-config-vars",
    config: { PIP_EXTRA_INDEX_URL: "https://user:hunter2-of-an-index@index.example.test/simple", PIP_RETRIES: "0" },
    async prepare(work) {
      const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
      for (const [path, text] of Object.entries({ Aptfile: "jq\n", "package.json": "{}\n", "model.bin": pointer })) {
        await writeFile(join(work, path), text);
      }
    },
    async check(app) {
      assert.match(app.pushed, /Looking in indexes: .*https:\/\/\*\*\*\*@index\.example\.test\/simple/);
      assert.ok(!app.pushed.includes("hunter2"));
      for (const file of ["Aptfile is not read", "package.json is not read", "model.bin is a pointer of Git LFS"]) {
        assert.ok(app.pushed.includes(` !     ${file}`), app.pushed);
      }
    },
  },
  {
    name: "django-with-database",
    folder: "django-with-database",
    database: true,
    async check(app) {
      assert.match(app.pushed, /1 static file copied[\s\S]*Applying shop\.0001_initial\.\.\. OK/);
      assert.equal((await stylesheet(app, "/")).status, 200);
      assert.equal((await app.fetch("/db/")).body, "1 greetings\n");
    },
  },
];
