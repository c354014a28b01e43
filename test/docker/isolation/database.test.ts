import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "../../support/until.ts";
import { Ground } from "./ground.ts";

let ground: Ground;

before(async () => {
  ground = await Ground.create();
});

after(() => ground?.[Symbol.asyncDispose]());

const env = { DATABASE_URL: "postgres://shop:secret@postgres:5432/shop" };
const WAITING = "init: waiting for the database\n";

/** Speaks Postgres' first words: one who comes first is told that it starts, the next is asked for a password. */
const STARTING = `
use IO::Socket::INET;
my $server = IO::Socket::INET->new(LocalPort => 5432, Listen => 5, ReuseAddr => 1) or die "listen: $!";
for my $answer ("E\\0\\0\\0\\x36SFATAL\\0VFATAL\\0C57P03\\0Mthe database system is starting up\\0\\0", "R\\0\\0\\0\\x0c\\0\\0\\0\\x0a") {
  my $peer = $server->accept;
  sysread $peer, my $hello, 512;
  die "not a startup message" if $hello ne "\\0\\0\\0\\x13\\0\\x03\\0\\0user\\0dyno\\0\\0";
  print $peer $answer;
  close $peer;
}
print "asked twice\\n";
`;

test("a dyno with a database starts when Postgres takes connections", async () => {
  const { container } = await ground.startDyno("echo started", { env });
  await until("it waits", async () => (await ground.log(container)) === WAITING);
  const postgres = await ground.runPerl(STARTING, ground.postgres);
  await container.wait();
  assert.equal(await ground.log(container), `${WAITING}started\n`);
  await postgres.wait();
  assert.equal(await ground.log(postgres), "asked twice\n");
});

test("one that waits can be stopped; one without a database does not wait", async () => {
  const { container } = await ground.startDyno("echo started", { env });
  await until("it waits", async () => (await ground.log(container)) === WAITING);
  await container.kill({ signal: "SIGTERM" });
  assert.equal((await container.wait()).StatusCode, 143);
  assert.deepEqual(await ground.runDyno("echo started", { env: { NAME: "postgres" } }), {
    code: 0,
    output: "started\n",
  });
});
