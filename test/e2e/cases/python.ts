import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Case } from "../../support/cases.ts";

export const cases: readonly Case[] = [
  {
    name: "uv-lock-only",
    folder: "06-uv-lock-only",
    async check(app) {
      assert.match(app.pushed, /-----> Installing packages: uv sync --locked --no-default-groups /);
      assert.equal((await app.fetch()).body, "made by uv\n");
      assert.match(await app.run("command -v uv || echo none"), /none/);
    },
  },
  {
    name: "utf16-requirements",
    folder: "12-file-forms/utf16",
    async check(app) {
      assert.equal((await app.fetch()).body, "built\n");
    },
  },
  {
    name: "wheel-by-file-name",
    folder: "16-local-wheels/bare-name",
    // On the newest Python too, which no stable Debian has.
    prepare: (work) => writeFile(join(work, ".python-version"), "# The Python version to use.\n3.14\n"),
    async check(app) {
      assert.match(app.pushed, /-----> Using Python 3\.14\.\d+ of Debian's testing suite, forky\s/);
      assert.equal(
        (await app.fetch()).body,
        await app.run("python -c 'import tinyhello; print(tinyhello.TEXT, end=\"\")'"),
      );
    },
  },
  {
    name: "wheels-by-find-links",
    folder: "16-local-wheels/find-links",
    async check(app) {
      assert.equal((await app.fetch()).status, 200);
      await writeFile(join(app.work, "another.py"), "");
      await app.commit("A line of code");
      const { exitCode, output } = await app.git("push", "heroku", "main");
      assert.equal(exitCode, 0, output);
      assert.match(output, /Using the packages of an earlier build: the requirements are the same/);
    },
  },
  {
    name: "python-that-is-not-there",
    folder: "12-file-forms/utf16",
    refused: true,
    prepare: (work) => writeFile(join(work, ".python-version"), "3.12\n"),
    async check(app) {
      assert.match(
        app.pushed,
        /\.python-version: asks for Python 3\.12, but there are 3\.9, 3\.11, 3\.13 and 3\.14; write /,
      );
      assert.doesNotMatch(app.pushed, /-----> Building/);
    },
  },
];
