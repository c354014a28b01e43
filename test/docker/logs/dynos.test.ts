import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../support/until.ts";
import { APP, dynoLogsGround, NUMBERS, numbers, quiet, range } from "./ground.ts";

const DYNOS = ["web.1", "web.2", "worker.1"];

test("thousands of lines of three dynos come whole, in order, and soon", async (t) => {
  await using ground = await dynoLogsGround();
  const { tailed } = ground;
  await ground.watch();
  await Promise.all(
    DYNOS.map((dyno) =>
      ground.start(NUMBERS, [1, 5000, 0.02, 100, "x".repeat(80)], { dyno, terminal: dyno === "worker.1" }),
    ),
  );
  await until("all lines", async () => tailed.length >= 15_000);
  await quiet(tailed);
  for (const dyno of DYNOS)
    assert.deepEqual(
      numbers(
        tailed.map(({ line }) => line),
        dyno,
      ),
      range(1, 5000),
      dyno,
    );
  const latencies = tailed.map(({ latency }) => latency).sort((a, b) => a - b);
  const share = (part: number) => latencies[Math.floor((latencies.length - 1) * part)]?.toFixed(0);
  t.diagnostic(`latency in ms: p50 ${share(0.5)}, p95 ${share(0.95)}, p99 ${share(0.99)}, longest ${share(1)}`);
  const kept = ground.logs.read(APP, { lines: 1500 });
  assert.equal(kept.length, 1500);
  assert.deepEqual(
    kept.map(({ time }) => time),
    kept.map(({ time }) => time).sort((a, b) => a - b),
  );
});

test("stopped and killed control planes neither lose nor repeat a line, on either stream", async () => {
  await using ground = await dynoLogsGround();
  const { tailed } = ground;
  const script = `
    $| = 1; select(STDERR); $| = 1;
    for my $n (1 .. 1400) {
      if ($n % 3 == 0) { print STDERR "$n err\\n" } else { print STDOUT "$n out\\n" }
      select(undef, undef, undef, 0.01) if $n % 5 == 0;
    }`;
  const container = await ground.start(script);
  for (const how of ["kill", "stop", "kill", "stop", "kill", "kill"] as const) {
    await ground.watch();
    await sleep(250 + Math.random() * 150);
    await ground.end(how);
    await sleep(Math.random() * 200);
  }
  await container.wait();
  await ground.watch();
  await until("the last line", async () => tailed.some(({ line }) => line.text === "1400 out"));
  await quiet(tailed);
  const seen = numbers(tailed.map(({ line }) => line));
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    range(1, 1400),
    "in the tail",
  );
  // Each stream is in order by itself.
  for (const stream of ["out", "err"]) {
    const each = tailed
      .filter(({ line }) => line.text.endsWith(stream))
      .map(({ line }) => Number.parseInt(line.text, 10));
    assert.deepEqual(
      each,
      [...each].sort((a, b) => a - b),
      stream,
    );
  }
  const kept = numbers(ground.logs.read(APP, { lines: 1500 })).sort((a, b) => a - b);
  assert.deepEqual(kept, range(1, 1400), "in the buffer");
  await ground.end("stop");
  await ground.watch();
  await quiet(tailed);
  assert.equal(tailed.length, 1400);
});

test("Docker's files may be rotated all the time", async () => {
  await using ground = await dynoLogsGround();
  const { tailed } = ground;
  await ground.watch();
  // 6 MB in Docker's form: 30 files of 200 kB, 5 of them a second at most.
  await ground.start(NUMBERS, [1, 40_000, 0.01, 100, "y".repeat(40)], { fileSize: "200k" });
  await until("all lines", async () => tailed.at(-1)?.line.text.startsWith("40000 ") ?? false);
  assert.deepEqual(numbers(tailed.map(({ line }) => line)), range(1, 40_000));
});

test("dynos that ended before anybody looked have said all they said", async () => {
  await using ground = await dynoLogsGround();
  const crash = `$| = 1; print "starting\\n"; print STDERR "Traceback\\n"; print "no line break at the end"; exit 1`;
  const first = await ground.start(crash, [], { dyno: "web.1" });
  const second = await ground.start(crash, [], { dyno: "run.1234", terminal: true });
  await Promise.all([first.wait(), second.wait()]);
  await ground.watch();
  const texts = (dyno: string) =>
    ground.logs
      .read(APP, { dyno })
      .map(({ text }) => text)
      .sort();
  const all = ["Traceback", "no line break at the end", "starting"];
  await until("all of both", async () => texts("web").length === 3 && texts("run").length === 3);
  assert.deepEqual(texts("web.1"), all);
  assert.deepEqual(texts("run.1234"), all);
});

test("long lines, bytes that are no text and escape sequences", async () => {
  await using ground = await dynoLogsGround();
  const { tailed } = ground;
  await ground.watch();
  const script = `
    print "a" x 25000, "\\n", "b" x 10000, "\\n", "\\xc3\\xa9" x 9000, "\\n";
    print "bad \\xff\\xfe byte\\n", "\\e[31mred\\e[0m\\ttab\\n", "\\n", "50%\\r100%\\r\\n", "end\\n"`;
  for (const terminal of [false, true]) {
    tailed.length = 0;
    await ground.start(script, [], { terminal });
    await until("the end", async () => tailed.at(-1)?.line.text === "end");
    const lines = tailed.map(({ line }) => line.text);
    assert.deepEqual(
      lines.slice(0, 6).map((text) => [text[0], Buffer.byteLength(text)]),
      [
        ["a", 10_000],
        ["a", 10_000],
        ["a", 5000],
        ["b", 10_000],
        ["é", 10_000],
        ["é", 8000],
      ],
    );
    assert.ok(lines.slice(4, 6).every((text) => /^é+$/.test(text)));
    assert.deepEqual(lines.slice(6), ["bad \ufffd\ufffd byte", "\u001b[31mred\u001b[0m\ttab", "", "50%\r100%", "end"]);
  }
});
