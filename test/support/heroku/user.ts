import assert from "node:assert/strict";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestPlatform } from "../platform.ts";
import { type Ran, ran } from "../process.ts";
import { type Terminal, terminal } from "../terminal.ts";
import { installHeroku } from "./install.ts";

/** Somebody with the official command line, git, a home and a work folder of their own. */
export interface HerokuUser {
  readonly home: string;
  /** Where commands run. */
  readonly work: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs `heroku`; it has to succeed. */
  heroku(...args: string[]): Promise<Ran>;
  /** Runs `heroku`; it has to fail. */
  refused(...args: string[]): Promise<Ran>;
  /** Runs `heroku` in a terminal. */
  terminal(...args: string[]): Terminal;
  /** Runs git; it has to succeed. */
  git(...args: string[]): Promise<Ran>;
  /** Runs any command. */
  run(...argv: string[]): Promise<Ran>;
  /** What a browser was told to open, one URL after the other. */
  opened(): Promise<string[]>;
  /** The same user in another folder. */
  in(folder: string): HerokuUser;
}

/** Another computer than the platform's. */
interface Elsewhere {
  /** The command by which one is run there. */
  inside(argv: readonly string[]): string[];
  /** Does there what leads to the platform, and gives what the shell is to evaluate. */
  script(home: string, env: Readonly<Record<string, string>>): Promise<string>;
}

/**
 * Makes one as the README says: `eval "$(npx dynoform env)"` is all the set-up there is.
 *
 * @param port where the API is reached, if not at its own port
 * @param options of `dynoform env`
 * @param elsewhere where they are, if not at the platform's computer
 */
export async function herokuUser(
  platform: TestPlatform,
  name: string,
  port = platform.ports.api,
  options: readonly string[] = [],
  elsewhere?: Elsewhere,
): Promise<HerokuUser> {
  const heroku = await installHeroku();
  const home = join(platform.directory, "users", name);
  const bin = join(home, "bin");
  await mkdir(bin, { recursive: true });
  const browsed = join(home, "browsed");
  // What `heroku open` and `heroku login` start instead of a browser.
  const browser = join(bin, "browser");
  await writeFile(browser, `#!/bin/sh\nprintf '%s\\n' "$1" >>'${browsed}'\n`);
  await chmod(browser, 0o755);

  const node = dirname(process.execPath);
  const base = {
    PATH: [bin, heroku, node, process.env.PATH].join(":"),
    HOME: home,
    LANG: "C.UTF-8",
    BROWSER: browser,
    // Half of the time it takes to start.
    NODE_COMPILE_CACHE: join(dirname(heroku), ".compile-cache"),
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: `${name}@example.com`,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: `${name}@example.com`,
  };
  const inside = elsewhere?.inside ?? ((argv: readonly string[]) => argv);
  const script = elsewhere === undefined ? await envScript() : await elsewhere.script(home, base);
  const evaluated = await ran(["sh", "-c", 'eval "$1"; env -0', "sh", script], { cwd: home, env: base });
  assert.equal(evaluated.exitCode, 0, evaluated.errors);
  const env = Object.fromEntries(
    evaluated.output
      .split("\0")
      .filter((line) => line !== "")
      .map((line) => line.split(/=(.*)/s, 2)),
  );

  async function envScript(): Promise<string> {
    const printed = await platform.dynoform("env", ...options);
    assert.equal(printed.exitCode, 0, printed.output);
    return printed.output.replaceAll(`127.0.0.1:${platform.ports.api}`, `127.0.0.1:${port}`);
  }

  const at = (work: string): HerokuUser => {
    const run = (...argv: string[]) => ran(inside(argv), { cwd: work, env });
    return {
      home,
      work,
      env,
      run,
      async heroku(...args) {
        const done = await run("heroku", ...args);
        assert.equal(done.exitCode, 0, `heroku ${args.join(" ")}:\n${done.output}${done.errors}`);
        return done;
      },
      async refused(...args) {
        const done = await run("heroku", ...args);
        assert.notEqual(done.exitCode, 0, `heroku ${args.join(" ")} was not refused:\n${done.output}${done.errors}`);
        return done;
      },
      terminal: (...args) => terminal(inside(["heroku", ...args]), { cwd: work, env }),
      async git(...args) {
        const done = await run("git", ...args);
        assert.equal(done.exitCode, 0, `git ${args.join(" ")}:\n${done.output}${done.errors}`);
        return done;
      },
      async opened() {
        const text = await readFile(browsed, "utf8").catch(() => "");
        return text.split("\n").filter((line) => line !== "");
      },
      in: at,
    };
  };
  return at(home);
}

/** A fresh repository of an app, with one commit on `main`. */
export async function repository(
  user: HerokuUser,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<HerokuUser> {
  const folder = join(user.home, name);
  await mkdir(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
  const there = user.in(folder);
  await there.git("init", "--quiet", "--initial-branch=main");
  await there.git("add", "--all");
  await there.git("commit", "--quiet", "--message", "First version");
  return there;
}
