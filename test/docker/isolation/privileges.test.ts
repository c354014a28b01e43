import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Ground } from "./ground.ts";

let ground: Ground;

before(async () => {
  ground = await Ground.create();
});

after(() => ground?.[Symbol.asyncDispose]());

test("the app is an ordinary user without capabilities, in the dynos' group alone", async () => {
  const env = { DYNOFORM_UID: "1234567" };
  const { output } = await ground.runDyno("cat /proc/self/status; id; umask; pwd; ulimit -u; env", { env });
  assert.match(output, /^Uid:(\t1234567){4}$/m);
  assert.match(output, /^Gid:(\t1048575){4}$/m);
  assert.match(output, /^Groups:\t(1048575)? *$/m);
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
    assert.match(output, new RegExp(`^${set}:\\t0+$`, "m"));
  }
  assert.match(output, /^NoNewPrivs:\t1$/m);
  assert.match(output, /^uid=1234567\(u1234567\) gid=1048575\(dyno\) groups=1048575\(dyno\)\n0077\n\/app\n128$/m);
  assert.match(output, /^HOME=\/app$/m);
  assert.match(output, /^PORT=5000$/m);
  assert.doesNotMatch(output, /DYNOFORM_/);
});

test("the app cannot undo its firewall, get other rights, or change the init", async () => {
  const attempts = [
    "nft flush ruleset",
    "nft delete table inet dynoform",
    "unshare --user --map-root-user nft flush ruleset",
    "setpriv --reuid 0 true",
    "echo x >> /usr/lib/dynoform/init",
    "echo x >> /run/dynoform-host/addresses.nft",
    "mount -t tmpfs tmpfs /mnt",
  ];
  const { output } = await ground.runDyno(
    'for try; do (eval "$try") 2> /dev/null && echo "worked: $try"; done; echo end',
    {
      args: attempts,
    },
  );
  assert.equal(output, "end\n");
});

test("no file that the app can reach is setuid or setgid", async () => {
  const { output } = await ground.runDyno("find / -xdev -type f -perm /6000 2> /dev/null; echo end");
  assert.equal(output, "end\n");
});

test("config vars that change how programs are loaded have no power before the app's user runs", async () => {
  const env = { LD_DEBUG: "files", LD_DEBUG_OUTPUT: "/app/loaded", BASH_ENV: "/app/none", GCONV_PATH: "/app" };
  const { output } = await ground.runDyno("stat --format %u /app/loaded.* | sort --unique; id --user", { env });
  const [loader, user, ...others] = output.trim().split("\n");
  assert.equal(loader, user, "only the app's user has obeyed LD_DEBUG");
  assert.deepEqual(others, []);
  const preloaded = await ground.runDyno("echo $LD_PRELOAD", { env: { LD_PRELOAD: "libc.so.6" } });
  assert.equal(preloaded.output, "libc.so.6\n");
});

test("nothing starts unless all is in place: one line says what is missing", async () => {
  const empty = await mkdtemp(join(tmpdir(), "isolation-"));
  const broken = await mkdtemp(join(tmpdir(), "isolation-"));
  try {
    await writeFile(join(broken, "addresses.nft"), "define host_addresses = nonsense here\n");
    const cases = [
      [{ hostFolder: empty }, /\/run\/dynoform-host\/addresses\.nft cannot be read/],
      [{ hostFolder: broken }, /the network could not be closed: .*syntax error/],
      [{ env: { DYNOFORM_ROUTER: undefined } }, /DYNOFORM_ROUTER is not set/],
      [{ env: { DYNOFORM_ROUTER: "10.0.0.1 accept" } }, /DYNOFORM_ROUTER must be an IPv4 address/],
      [{ env: { DYNOFORM_EGRESS: "10.0.0.0/8 accept; #" } }, /DYNOFORM_EGRESS must list IPv4 ranges/],
      [{ env: { DYNOFORM_UID: "0" } }, /DYNOFORM_UID must be a number from 1048576/],
      [{ env: { DYNOFORM_PROCESSES: "many" } }, /DYNOFORM_PROCESSES must be a number/],
      [{ env: { DYNOFORM_MODE: "open" } }, /DYNOFORM_MODE can only be "build"/],
      [{ env: { PORT: "0" } }, /PORT must be a number/],
    ] as const;
    for (const [options, message] of cases) {
      const { code, output } = await ground.runDyno("echo it ran", options);
      assert.equal(code, 1, output);
      assert.match(output, message);
      assert.match(output, /^init: [^\n]*\n$/);
    }
  } finally {
    await rm(empty, { recursive: true });
    await rm(broken, { recursive: true });
  }
});

test("the command's own arguments are data, and its exit code is the container's", async () => {
  const { code, output } = await ground.runDyno('printf "%s|" "$@"; exit 7', { args: ["a b", "$(id)", "; true"] });
  assert.equal(output, "a b|$(id)|; true|");
  assert.equal(code, 7);
});
