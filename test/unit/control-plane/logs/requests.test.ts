import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../../../support/until.ts";
import { logsGround } from "./ground.ts";

const ground = () => logsGround((folder) => ({ requests: join(folder, "log/requests") }));

/** A line as the router writes it. */
function record(app: string, path: string, time = Date.now()): string {
  const fields = ["", "GET", path, `${app}.localhost`, "some-id", "1.2.3.4", "web.1", "0.001", "0.005", "200", "12"];
  return `${(time / 1000).toFixed(3)}\t${app}\t${fields.join("\t")}\tHTTP/1.1\n`;
}

function files(folder: string) {
  const path = join(folder, "log/requests");
  mkdirSync(join(folder, "log"), { recursive: true });
  return {
    write: (text: string, to = path) => appendFileSync(to, text),
    /** As the router does it: whoever has the file open still writes to the old one for a moment. */
    rotate() {
      renameSync(path, `${path}.1`);
      writeFileSync(path, "");
    },
    old: `${path}.1`,
    path,
  };
}

test("requests become lines of their apps, in the order of the router, across renames", async () => {
  await using logs = await ground();
  const paths = () => logs.logs.read("hello", { lines: 1500 }).map(({ text }) => text.match(/path="(.*?)"/)?.[1]);
  const seen: string[] = [];
  logs.logs.tail("hello", { dyno: "router" }, ({ text }) => seen.push(text));
  // The router comes later than the control plane.
  const { write, rotate, old } = files(logs.folder);
  const at = Date.now();
  write(record("hello", "/1", at) + record("", "/nobody") + record("-", "/nobody") + record("other", "/other"));
  await until("the first request", async () => paths().length === 1);
  rotate();
  write(record("hello", "/2", at + 1), old);
  write(record("hello", "/3", at + 2));
  await until("those around the rename", async () => paths().length === 3);
  write(`${record("hello", "/4", at + 3)}${record("hello", "/5", at + 4).slice(0, 20)}`);
  await until("the fourth", async () => paths().length === 4);
  write(record("hello", "/5", at + 4).slice(20));
  await until("a line in two parts", async () => paths().length === 5);
  assert.deepEqual(paths(), ["/1", "/2", "/3", "/4", "/5"]);
  await until("the tail", async () => seen.length === 5);
  assert.equal(
    seen[0],
    'at=info method=GET path="/1" host=hello.localhost request_id=some-id fwd="1.2.3.4" dyno=web.1 connect=1ms service=4ms status=200 bytes=12 protocol=http',
  );
  assert.equal(logs.logs.read("other").length, 1);
  assert.equal(logs.logs.read("").length + logs.logs.read("-").length, 0);
});

test("a restart neither loses nor repeats requests, whatever was renamed meanwhile", async () => {
  await using logs = await ground();
  const { write, rotate } = files(logs.folder);
  const count = () => logs.logs.read("hello", { lines: 1500 }).length;
  let written = 0;
  const more = (requests: number) => {
    for (let i = 0; i < requests; i++) write(record("hello", `/${written++}`, Date.now() + written));
  };
  const complete = async (what: string) => {
    await until(what, async () => count() === written);
    const paths = logs.logs.read("hello", { lines: 1500 }).map(({ text }) => text.match(/path="\/(\d+)"/)?.[1]);
    assert.deepEqual(
      paths,
      Array.from({ length: written }, (_, i) => String(i)),
      what,
    );
  };
  more(3);
  await complete("before");
  // A number: so many requests more. "rename": what the router does when the file is large.
  const meanwhile: (number | "rename")[][] = [[], [2], [2, "rename", 2], ["rename"], ["rename", 3, "rename", 1]];
  for (const end of ["stop", "kill"] as const) {
    for (const happens of meanwhile) {
      await logs[end]();
      for (const what of happens) {
        if (what === "rename") rotate();
        else more(what);
      }
      logs.start();
      more(1);
      await complete(`${end}, then ${happens}`);
    }
  }
});

test("a file that was cut is read from its beginning, and lines that are none are passed over", async () => {
  await using logs = await ground();
  const { write, path } = files(logs.folder);
  write(`${record("hello", "/1")}nonsense\n\n\t\t\nx\thello\t\n`);
  await until("the first", async () => logs.logs.read("hello").length === 1);
  truncateSync(path);
  await new Promise((resolve) => setTimeout(resolve, 200));
  write(record("hello", "/2"));
  await until("the second", async () => logs.logs.read("hello").length === 2);
});

test("thousands of requests cost little", async (t) => {
  await using logs = await ground();
  const { write } = files(logs.folder);
  const [seconds, rate] = [2, 2500];
  const lines = Array.from({ length: rate / 10 }, (_, i) =>
    record("hello", `/some/path/of/usual/length?number=${i}`),
  ).join("");
  const before = process.cpuUsage();
  for (let i = 0; i < seconds * 10; i++) {
    write(lines);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1e6 / seconds;
  t.diagnostic(`${rate} requests/s for ${seconds} s: ${(share * 100).toFixed(1)} % of a processor`);
  assert.equal(logs.logs.read("hello", { lines: 1500 }).length, 1500);
  // An idle machine shows a tenth of it.
  assert.ok(share < 0.5, `${share} of a processor`);
});
