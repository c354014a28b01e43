/** What a failing program leaves behind is its own: the process that runs it hears nothing of it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const module = join(import.meta.dirname, "..", "..", "..", "engine", "src", "embed", "rejections.ts");

/** Runs a script in a process of its own, which may die of a rejection. */
function run(script: string) {
  const prelude = `import { asProgram } from ${JSON.stringify(module)};
    const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
    const program = (name) => asProgram(() => {
      process.on("unhandledRejection", (error) => console.log(name, "hears", error.message));
      Promise.reject(new Error("of " + name));
      turn().then(() => { throw new Error("later of " + name); });
    });`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", prelude + script], { encoding: "utf8" });
}

test("a program hears of its own rejections, and the process of all others", () => {
  const { stdout, status } = run(`
    process.on("unhandledRejection", (error) => console.log("process hears", error.message));
    program("one");
    program("two");
    Promise.reject(new Error("of nobody"));
    await turn(); await turn();`);
  assert.equal(status, 0);
  const heard = ["of one", "of two", "of nobody", "later of one", "later of two"];
  const who = ["one", "two", "process", "one", "two"];
  assert.deepEqual(
    stdout.trim().split("\n"),
    heard.map((what, index) => `${who[index]} hears ${what}`),
  );
});

test("of a program that was left nobody hears any more, and it ends no process", () => {
  const { stdout, status } = run(`
    const leave = program("one");
    leave();
    await turn(); await turn();
    console.log(process.listenerCount("unhandledRejection"));`);
  assert.equal(stdout, "0\n");
  assert.equal(status, 0);
});

test("a rejection that is no program's ends the process, as it does without programs", () => {
  const { stderr, status } = run(`
    program("one");
    Promise.reject(new Error("of nobody"));
    await turn();`);
  assert.equal(status, 1);
  assert.match(stderr, /Error: of nobody/);
});
