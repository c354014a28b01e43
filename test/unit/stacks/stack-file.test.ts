import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "yaml";
import { editStackFile, StackFileEditor } from "../../../model/stack/editor.ts";

const TEXT = `# A shop.
encryptionsalt: v1:abc
config:
    dynoform:app:
        source: { path: app } # of this repository
        formation:
            # Two are enough.
            web: { quantity: 2, size: free }
            worker: { quantity: 1 } # nightly

        addons:
            DATABASE: { service: postgresql }
    dynoform:key:
        secure: v1:key
    dynoform:config:
        GREETING: hello # plain on purpose
        TOKEN: { secure: v1:old }
`;

function edited(edit: (editor: StackFileEditor) => void, text = TEXT): string {
  const editor = new StackFileEditor(text, "Pulumi.shop.yaml");
  edit(editor);
  return editor.text;
}

test("an edit leaves numbers as they were written, and writes new ones", () => {
  const text = TEXT.replace("GREETING: hello", "PIN: 01234\n        MASK: 0x1F");
  assert.equal(
    edited((file) => file.scale("web", { quantity: 3 }), text),
    text.replace("quantity: 2", "quantity: 3"),
  );
});

test("an edit changes its line and leaves every other, comments and indentation included", () => {
  assert.equal(
    edited((file) => file.scale("web", { quantity: 3 })),
    TEXT.replace("quantity: 2", "quantity: 3"),
  );
  assert.equal(
    edited((file) => file.scale("worker", { size: "eco" })),
    TEXT.replace("worker: { quantity: 1 }", "worker: { quantity: 1, size: eco }"),
  );
  assert.equal(
    edited((file) => file.source({ commit: "a".repeat(40) })),
    TEXT.replace("{ path: app }", `{ commit: ${"a".repeat(40)} }`),
  );
  assert.equal(
    edited((file) => file.setSecure("config", "TOKEN", "v1:new")),
    TEXT.replace("v1:old", "v1:new"),
  );
  assert.equal(
    edited((file) => file.setSecure("config", "OTHER", "v1:other")),
    TEXT.replace("v1:old }\n", "v1:old }\n        OTHER: { secure: v1:other }\n"),
  );
  assert.equal(
    edited((file) => file.set(["addons", "DATABASE", "generation"], 2)),
    TEXT.replace("{ service: postgresql }", "{ service: postgresql, generation: 2 }"),
  );
  assert.equal(
    edited(() => {}),
    TEXT,
  );
});

test("removing what was the last takes its map along", () => {
  const text = edited((file) => {
    file.setSecure("config", "GREETING", undefined);
    file.setSecure("config", "TOKEN", undefined);
    file.setSecure("config", "NEVER", undefined);
    file.source(undefined);
  });
  const { config } = parse(text);
  assert.equal("dynoform:config" in config, false);
  assert.equal("source" in config["dynoform:app"], false);
  assert.ok(text.includes("# Two are enough."));
});

test("a certificate's chain stands in lines of its own, its key apart and secure", () => {
  const chain = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  const text = edited((file) => {
    file.set(["certificates", "www", "chain"], chain);
    file.set(["certificates", "www", "hosts"], []);
    file.setSecure("certificates", "www", "v1:key");
  });
  assert.match(text, /^ +chain: \|\n +-----BEGIN CERTIFICATE-----\n +MIIB\n/m);
  const { config } = parse(text);
  assert.deepEqual(config["dynoform:app"].certificates, { www: { chain, hosts: [] } });
  assert.deepEqual(config["dynoform:certificates"], { www: { secure: "v1:key" } });
  const without = new StackFileEditor(text, "Pulumi.shop.yaml");
  without.setSecure("certificates", "www", undefined);
  assert.equal("dynoform:certificates" in parse(without.text).config, false);
});

test("a file that says little can be edited", () => {
  const text = edited((file) => {
    file.scale("web", { quantity: 0 });
    file.setSecure("config", "A", "v1:a");
  }, "config:\n  dynoform:app:\n");
  assert.deepEqual(parse(text), {
    config: {
      "dynoform:app": { formation: { web: { quantity: 0 } } },
      "dynoform:config": { A: { secure: "v1:a" } },
    },
  });
});

test("a file that cannot be read is named", () => {
  assert.throws(() => new StackFileEditor("config: [\n", "Pulumi.shop.yaml"), /Pulumi\.shop\.yaml is no valid YAML: /);
  assert.throws(() => new StackFileEditor("a: 1\n", "Pulumi.shop.yaml"), /Pulumi\.shop\.yaml has no map `config`/);
});

test("whatever is set is read back, and an edit taken back leaves the same data", () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/);
  const plain = { noNullPrototype: true };
  const scale = fc.record({ quantity: fc.nat(100), size: fc.constantFrom("free", "eco", "basic") }, plain);
  fc.assert(
    fc.property(fc.dictionary(name, scale, plain), fc.dictionary(name, fc.string(), plain), (formation, config) => {
      const text = edited((file) => {
        for (const [type, to] of Object.entries(formation)) file.scale(type, to);
        for (const [key, secure] of Object.entries(config)) file.setSecure("config", key, secure);
      });
      const { config: after } = parse(text);
      const before = parse(TEXT).config;
      assert.deepEqual({ ...after["dynoform:app"].formation }, { ...before["dynoform:app"].formation, ...formation });
      const secure = Object.fromEntries(Object.entries(config).map(([key, value]) => [key, { secure: value }]));
      assert.deepEqual({ ...after["dynoform:config"] }, { ...before["dynoform:config"], ...secure });
    }),
  );
});

async function withFile(work: (place: { project: string; stack: string; path: string }) => Promise<void>) {
  const project = await mkdtemp(join(tmpdir(), "stack-file-"));
  try {
    await mkdir(join(project, "stacks"));
    const path = join(project, "stacks", "Pulumi.shop.yaml");
    await writeFile(path, TEXT);
    await work({ project, stack: "shop", path });
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

test("a written file keeps its mode; what an edit throws leaves it as it was", async () => {
  await withFile(async (place) => {
    await chmod(place.path, 0o640);
    const told: string[] = [];
    await editStackFile(
      place,
      (text) => `${text}# end\n`,
      ({ after }) => told.push(after),
    );
    assert.equal(await readFile(place.path, "utf8"), `${TEXT}# end\n`);
    assert.deepEqual(told, [`${TEXT}# end\n`]);
    assert.equal((await stat(place.path)).mode & 0o777, 0o640);

    const failing = editStackFile(place, () => Promise.reject(new Error("no")));
    await assert.rejects(failing, /no/);
    await editStackFile(place, () => TEXT);
    assert.equal(await readFile(place.path, "utf8"), TEXT);
    assert.deepEqual(await readdir(join(place.project, "stacks")), ["Pulumi.shop.yaml"]);
  });
});

const MODULE = new URL("../../../model/stack/editor.ts", import.meta.url).href;
const COUNT = `
  const { editStackFile } = await import(${JSON.stringify(MODULE)});
  const place = JSON.parse(process.argv[1]);
  for (let n = 0; n < 10; n++) await editStackFile(place, (text) => text + "# " + process.pid + "\\n");
`;
const HOLD = `
  const { editStackFile } = await import(${JSON.stringify(MODULE)});
  await editStackFile(JSON.parse(process.argv[1]), () => { console.log("held"); return new Promise((resolve) => setTimeout(resolve, 600_000)); });
`;

test("processes that edit at the same time lose none of their edits", async () => {
  await withFile(async (place) => {
    const argv = ["--input-type=module", "--eval", COUNT, JSON.stringify(place)];
    const ends = Array.from({ length: 3 }, () => once(spawn(process.execPath, argv, { stdio: "inherit" }), "exit"));
    for (const [code] of await Promise.all(ends)) assert.equal(code, 0);
    const lines = (await readFile(place.path, "utf8")).slice(TEXT.length).trim().split("\n");
    assert.equal(lines.length, 30);
  });
});

test("what a killed editor held is free again", async () => {
  await withFile(async (place) => {
    const argv = ["--input-type=module", "--eval", HOLD, JSON.stringify(place)];
    const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    await editStackFile(place, () => "config: {}\n");
    assert.equal(await readFile(place.path, "utf8"), "config: {}\n");

    // One of another pid namespace, which cannot be looked up, but is known by its name.
    const folder = join(place.project, ".dynoform", "edits", "shop");
    const ticket = {
      pid: 1,
      hostname: "other",
      what: "control plane",
      bootId: "b",
      pidNamespace: "pid:[1]",
      startTime: "1",
    };
    await writeFile(join(folder, "000000000001-other"), JSON.stringify(ticket));
    await editStackFile({ ...place, editor: "control plane" }, () => TEXT);
    assert.equal(await readFile(place.path, "utf8"), TEXT);
  });
});
