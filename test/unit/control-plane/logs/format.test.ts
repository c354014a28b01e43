import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { format, matches } from "../../../../services/control-plane/logs/line.ts";
import { CODES } from "../../../../services/control-plane/logs/requests/codes.ts";
import { requestText } from "../../../../services/control-plane/logs/requests/request-line.ts";
import { LINE_BYTES, linesOf } from "../../../../services/control-plane/logs/text.ts";

const time = Date.parse("2026-01-01T00:00:00Z") * 1000;

test("a line is shown as Heroku shows it, with microseconds", () => {
  const line = { source: "app", process: "web.1", text: "hello \u001b[31mred\u001b[0m" } as const;
  assert.equal(format({ ...line, time }), `2026-01-01T00:00:00.000000+00:00 app[web.1]: ${line.text}`);
  assert.equal(format({ ...line, time: time + 1_000_042 }).slice(0, 32), "2026-01-01T00:00:01.000042+00:00");
  assert.equal(format({ ...line, time: time - 1 }).slice(0, 32), "2025-12-31T23:59:59.999999+00:00");
});

test("filters choose by source, dyno and type", () => {
  const line = (source: "app" | "heroku", process: string) => ({ source, process });
  assert.ok(matches({}, line("app", "web.1")));
  assert.ok(matches({ source: "app" }, line("app", "web.1")));
  assert.ok(!matches({ source: "heroku" }, line("app", "web.1")));
  assert.ok(matches({ dyno: "web.1" }, line("heroku", "web.1")));
  assert.ok(!matches({ dyno: "web.1" }, line("app", "web.10")));
  assert.ok(matches({ dyno: "web" }, line("app", "web.10")));
  assert.ok(!matches({ dyno: "web" }, line("app", "webhooks.1")));
  assert.ok(matches({ dyno: "router" }, line("heroku", "router")));
  assert.ok(matches({ type: "web" }, line("app", "web.2")));
  assert.ok(!matches({ type: "web" }, line("heroku", "router")));
  assert.ok(!matches({ type: "web", source: "heroku" }, line("app", "web.2")));
});

test("texts become lines of at most 10 kB, cut between characters", () => {
  assert.deepEqual(linesOf("one\r\ntwo\n"), ["one", "two"]);
  assert.deepEqual(linesOf(""), [""]);
  assert.deepEqual(
    linesOf("x".repeat(25_000)).map(({ length }) => length),
    [10_000, 10_000, 5000],
  );
  assert.deepEqual(linesOf("x".repeat(10_000)).length, 1);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 50 }), fc.integer({ min: 1, max: 900 }), (part, times) => {
      const text = part
        .replaceAll(/[\r\n]/g, "")
        .toWellFormed()
        .repeat(times);
      const lines = linesOf(text);
      assert.equal(lines.join(""), text);
      assert.ok(lines.every((line) => Buffer.byteLength(line) <= LINE_BYTES));
    }),
    { numRuns: 50 },
  );
});

const record = (fields: object) => {
  const all = {
    code: "",
    method: "GET",
    uri: "/",
    host: "hello.localhost",
    id: "8601b555-6a83-4c12-8269-97c8e32cdb22",
    forwarded: "1.2.3.4",
    dyno: "web.1",
    connect: "0.000",
    time: "0.003",
    status: "200",
    bytes: "12",
    protocol: "HTTP/1.1",
    completion: "OK",
    promised: "12",
    sent: "12",
    ...fields,
  };
  return Object.values(all).join("\t");
};
const rest = "host=hello.localhost request_id=8601b555-6a83-4c12-8269-97c8e32cdb22";

test("a request's line is Heroku's router's", () => {
  assert.equal(
    requestText(record({})),
    `at=info method=GET path="/" ${rest} fwd="1.2.3.4" dyno=web.1 connect=0ms service=3ms status=200 bytes=12 protocol=http`,
  );
  assert.equal(
    requestText(record({ forwarded: "9.9.9.9, 1.2.3.4", connect: "-, 0.002", time: "0.010", protocol: "tls" })),
    `at=info method=GET path="/" ${rest} fwd="9.9.9.9,1.2.3.4" dyno=web.1 connect=2ms service=8ms status=200 bytes=12 protocol=https`,
  );
});

test("a failed request's line has its code; one that reached no dyno has no times", () => {
  assert.equal(
    requestText(record({ code: "H12", time: "30.001", status: "503", bytes: "0", connect: "0.001" })),
    `at=error code=H12 desc="Request timeout" method=GET path="/" ${rest} fwd="1.2.3.4" dyno=web.1 connect=1ms service=30000ms status=503 bytes=0 protocol=http`,
  );
  assert.equal(
    requestText(record({ code: "H14", dyno: "-", connect: "-", status: "503", bytes: "311" })),
    `at=error code=H14 desc="No web processes running" method=GET path="/" ${rest} fwd="1.2.3.4" dyno= connect= service= status=503 bytes= protocol=http`,
  );
  assert.match(requestText(record({ code: "H12", connect: "0.001, -" })), / connect= service=3ms /);
  // Whatever nginx had begun to answer.
  for (const [code, words, status] of [
    ["H15", 'at=error code=H15 desc="Idle connection"', 503],
    ["H18", 'sock=backend at=error code=H18 desc="Server Request Interrupted"', 503],
    ["H27", 'sock=client at=warning code=H27 desc="Client Request Interrupted"', 499],
    ["H28", 'at=warning code=H28 desc="Client Connection Idle"', 499],
  ] as const) {
    assert.match(requestText(record({ code })), new RegExp(`^${words} method=.* status=${status} bytes`));
  }
  assert.match(requestText(record({ code: "H81" })), /^at=info code=H81 desc="Blank app" method/);
});

test("a connection that broke has a code, whichever end broke it", () => {
  const code = (fields: object) => /code=(\w+)/.exec(requestText(record(fields)))?.[1];
  assert.equal(code({}), undefined);
  assert.equal(code({ completion: "" }), "H27");
  assert.equal(code({ completion: "", code: "H15" }), "H27");
  assert.equal(code({ completion: "", status: "408" }), "H28");
  assert.equal(code({ status: "408" }), undefined, "the app's own");
  assert.equal(code({ completion: "", dyno: "", status: "404" }), undefined, "no dyno had it");
  assert.equal(code({ completion: "", code: "H12" }), "H12");
  assert.equal(code({ sent: "11" }), "H18");
  assert.equal(code({ sent: "-, 5 : 12" }), undefined, "the last attempt's bytes count");
  assert.equal(code({ sent: "12, 5" }), "H18");
  assert.equal(code({ sent: "-", code: "H12" }), "H12");
  assert.equal(code({ promised: "", sent: "5" }), undefined);
  for (const bodiless of [{ method: "HEAD" }, { status: "304" }]) {
    assert.equal(code({ ...bodiless, sent: "0" }), undefined);
  }
  const old = record({}).split("\t").slice(0, -3).join("\t");
  assert.match(requestText(old), /^at=info .* protocol=http$/, "as older routers wrote it");
});

test("every code of the router has its words", () => {
  const words = { H10: "App crashed", H13: "Connection closed without response", H15: "Idle connection" };
  for (const [code, desc] of Object.entries(words)) assert.equal(CODES[code]?.desc, desc);
  for (const code of ["H20", "H80", "H82", "H99"]) {
    assert.match(requestText(record({ code })), new RegExp(`^at=(error|info) code=${code} desc="[A-Z][^"]+" method`));
  }
});
