import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { clearOld, type Move, moveStates, stacksOf } from "../../../cli/state/move.ts";
import { withPassword } from "../../../cli/state/place.ts";
import { Backend } from "../../../engine/src/state/backend.ts";
import type { Bucket } from "../../../engine/src/state/bucket.ts";
import { lockStack, removeLocks } from "../../../engine/src/state/lock.ts";

const names = ["one", "two"].map((stack) => ({ project: "p", stack }));
const other = { project: "q", stack: "one" };
const quiet = () => {};
let move: Move;

beforeEach(async () => {
  const backends = ["from", "to"].map((name) => at(new MemoryBucket(`memory://${name}`)));
  const [from, to] = backends as [Backend, Backend];
  for (const backend of backends) await backend.prepare();
  for (const name of [...names, other]) {
    await from.write(name, `first ${name.stack}`);
    await from.write(name, `state of ${name.stack}`);
    await from.setTags(name, { k: name.stack });
    await from.addHistory(name, {
      kind: "update",
      startTime: 1,
      message: name.stack,
      environment: {},
      config: {},
      version: 0,
      result: "succeeded",
      endTime: 2,
    });
  }
  move = { project: "p", from, to, id: "this one" };
});

function at(records: Bucket): Backend {
  return new Backend(records.shown, records);
}

/** All that a backend has of the project. */
async function held(backend: Backend): Promise<unknown[]> {
  const all = names.map(async (name) => {
    const history = (await backend.history(name)).map(({ message }) => message);
    return [await backend.read(name), await backend.tags(name), history, (await backend.backups(name)).length];
  });
  return Promise.all(all);
}

const whole = [
  ["state of one", { k: "one" }, ["one"], 1],
  ["state of two", { k: "two" }, ["two"], 1],
];

test("all of a project's stacks go, and nothing else; the old place keeps a copy of each state", async () => {
  let committed = false;
  const commit = async () => {
    committed = true;
  };
  const count = await moveStates(move, commit, quiet);
  assert.ok(committed && count > 8);
  assert.deepEqual(await held(move.to), whole);
  assert.deepEqual(await move.to.list(), names);
  assert.deepEqual(await move.from.list(), [other]);
  assert.equal(String(await move.from.records.read("stacks/p/one.json.bak")), "state of one");
  await moveStates({ ...move, from: move.to, to: move.from, id: "back" }, async () => {}, quiet);
  assert.deepEqual(await held(move.from), whole);
  assert.deepEqual(await move.to.list(), []);
});

test("nothing is moved while somebody is at work, or where such stacks are already", async () => {
  const lock = await lockStack(move.from, names[1] ?? other, quiet);
  await assert.rejects(moveStates(move, quiet as never, quiet), /locked by 1 lock\(s\)/);
  await lock.release();
  await (await lockStack(move.from, names[0] ?? other, quiet)).release();
  await move.to.write({ project: "p", stack: "mine" }, "another's");
  await move.to.records.remove("moving/p");
  await assert.rejects(
    moveStates(move, quiet as never, quiet),
    /has stacks of a project p already: mine\. Nothing was moved/,
  );
  assert.deepEqual(await held(move.from), whole);
});

test("killed at any moment, one place has everything, and the next move brings it to its end", async () => {
  for (let steps = 1; ; steps++) {
    const life = { left: steps };
    const dying: Move = { ...move, from: at(mortal(move.from.records, life)), to: at(mortal(move.to.records, life)) };
    let committed = false;
    const done = await moveStates(
      dying,
      async () => {
        spend(life);
        committed = true;
      },
      quiet,
    ).then(
      () => true,
      () => false,
    );
    if (done) break;
    assert.deepEqual(await held(committed ? move.to : move.from), whole, `after ${steps} steps`);
    for (const name of names) await removeLocks(move.from, name);
    // What is done meanwhile in the place that counts is moved too, or stays.
    if (committed) await clearOld(move);
    else {
      await move.from.write(names[0] ?? other, `between ${steps}`);
      await move.from.write(names[0] ?? other, "state of one");
      await moveStates(move, async () => {}, quiet);
    }
    assert.deepEqual(await held(move.to), whole);
    assert.deepEqual(await stacksOf(move, move.from), []);
    await moveStates({ ...move, from: move.to, to: move.from, id: "back" }, async () => {}, quiet);
    assert.ok(steps < 500);
  }
});

/** Records of this process alone, at once. */
class MemoryBucket implements Bucket {
  readonly shown: string;
  readonly #records = new Map<string, { readonly content: Buffer; readonly modified: Date }>();
  constructor(shown: string) {
    this.shown = shown;
  }
  async prepare() {}
  async list(folder: string) {
    const keys = [...this.#records.keys()].filter((key) => key.startsWith(`${folder}/`));
    return keys.map((key) => key.slice(folder.length + 1)).sort();
  }
  async read(key: string) {
    return this.#records.get(key)?.content;
  }
  async modified(keys: readonly string[]) {
    return keys.map((key) => this.#records.get(key)?.modified);
  }
  async write(key: string, content: string | Buffer) {
    this.#records.set(key, { content: Buffer.from(content), modified: new Date() });
  }
  async replace(key: string, content: string, obsolete: readonly string[]) {
    await this.copy(key, `${key}.bak`);
    await this.write(key, content);
    await this.remove(...obsolete);
  }
  async copy(from: string, to: string) {
    const content = await this.read(from);
    if (content !== undefined) await this.write(to, content);
  }
  async rename(from: string, to: string) {
    await this.copy(from, to);
    await this.remove(from);
  }
  async remove(...keys: readonly string[]) {
    for (const key of keys) this.#records.delete(key);
  }
  async removeAll(folder: string) {
    await this.remove(...(await this.list(folder)).map((key) => `${folder}/${key}`));
  }
  place(key: string) {
    return key;
  }
}

function spend(life: { left: number }): void {
  if (life.left-- <= 0) throw new Error("killed");
}

/** Records whose process is killed after so many steps: from then on nothing works. */
function mortal(records: Bucket, life: { left: number }): Bucket {
  return new Proxy(records, {
    get(target, property) {
      const value = Reflect.get(target, property);
      if (typeof value !== "function" || property === "place") return value;
      return async (...args: unknown[]) => {
        spend(life);
        return value.apply(target, args);
      };
    },
  });
}

test("a password comes from the environment, and never from an argument", async () => {
  const before = process.env.PGPASSWORD;
  process.env.PGPASSWORD = "p@ss'#w%";
  try {
    const url = await withPassword("postgres://ann@db:5432/infra?table=t");
    assert.equal(decodeURIComponent(new URL(url).password), "p@ss'#w%");
    assert.ok(!/['#]/.test(url));
    const wrong = {
      "postgres://ann:secret@db/infra": /leave the password out/,
      "postgres://db/infra": /name the database's user/,
      "postgres://ann@localhost/infra?host=/run": /has no sockets/,
      "file:///x": /say where to/,
    };
    for (const [text, message] of Object.entries(wrong)) {
      await assert.rejects(
        withPassword(text),
        (error: Error) => message.test(error.message) && !/secret/.test(error.message),
      );
    }
  } finally {
    if (before === undefined) delete process.env.PGPASSWORD;
    else process.env.PGPASSWORD = before;
  }
});
