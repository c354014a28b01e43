import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type AppFile, Ground } from "./ground.ts";

let ground: Ground;

before(async () => {
  ground = await Ground.create();
});

after(() => ground?.[Symbol.asyncDispose]());

test("an app's files are its own, and what lies elsewhere or is root's is not, whatever leads there", async () => {
  const files: AppFile[] = [
    { name: "data.txt", content: "data" },
    { name: "bin/", mode: 0o775 },
    { name: "bin/serve", content: "#!/bin/sh\necho served\n" },
    { name: "made-by-a-hook/", mode: 0o755 },
    { name: "made-by-a-hook/.env", content: "secret", mode: 0o600 },
    { name: "closed/", mode: 0o700 },
    { name: "closed/file" },
    { name: "roots", uid: 0 },
    { name: "passwords", link: "/etc/passwd" },
    { name: "system", link: "/etc" },
    { name: "loop", link: "." },
  ];
  const command = `
    chmod +x bin/serve && bin/serve
    touch -d @1 data.txt && cp -p bin/serve data.txt && echo >> data.txt && echo written
    cat made-by-a-hook/.env && rm -r made-by-a-hook && echo " removed"
    touch new . && stat -c '%a %n' new
    stat -c '%u %Y %n' bin/serve closed/file passwords system roots | sed "s/^$UID /mine /"
    stat -c '%u %n' /app /etc /etc/passwd | sed "s/^$UID /mine /"
    ls -A
  `;
  const { code, output } = await ground.runDyno(command, { files });
  assert.equal(
    output,
    [
      "served",
      "written",
      "secret removed",
      "600 new",
      ...["bin/serve", "closed/file", "passwords", "system"].map((name) => `mine 86400 ${name}`),
      "0 86400 roots",
      "mine /app",
      "0 /etc",
      "0 /etc/passwd",
      ...["bin", "closed", "data.txt", "loop", "new", "passwords", "roots", "system", ""],
    ].join("\n"),
  );
  assert.equal(code, 0);
});

test("profiles are sourced first, in order, in /app, with everything set; what they export is the command's", async () => {
  const files: AppFile[] = [
    { name: ".profile.d/", mode: 0o775 },
    { name: ".profile.d/b.sh", content: 'export ORDER="$ORDER b $PORT"; set -- lost; command=lost' },
    { name: ".profile.d/a.sh", content: 'export ORDER="a $GREETING $#"; cd /tmp; false' },
    { name: ".profile.d/c.txt", content: "export ORDER=lost" },
    { name: ".profile", content: 'declare -x ORDER="$ORDER ."; export PATH="$HOME/vendor:$PATH"; hidden=1; cd /tmp' },
  ];
  const env = { GREETING: "hello" };
  const { code, output } = await ground.runDyno(
    'echo "$ORDER|$1|$hidden|$PWD|$(echo "$PATH" | cut -d : -f 1)|$(env | grep -c DYNOFORM)"; exit 3',
    { files, env, args: ["a b"] },
  );
  assert.equal(output, "a hello 0 b 5000 .|a b||/tmp|/app/vendor|0\n");
  assert.equal(code, 3);
  const failing = [{ name: ".profile", content: "echo no >&2; exit 4" }];
  assert.deepEqual(await ground.runDyno("echo ran", { files: failing }), { code: 4, output: "no\n" });
});

test("config vars that come from elsewhere leave the app running; defaults are for who has none", async () => {
  const env = {
    DYNOFORM_PATH: "/opt/venv/bin",
    DYNOFORM_DEFAULT_LANG: "en_US.UTF-8",
    DYNOFORM_DEFAULT_WEB_CONCURRENCY: "2",
    DYNOFORM_DEFAULT_EMPTY: "full",
    WEB_CONCURRENCY: "7",
    EMPTY: "",
    PATH: "/app/.heroku/python/bin:/usr/local/bin:/usr/bin:/bin",
    PYTHONHOME: "/app/.heroku/python",
    LD_LIBRARY_PATH: "/app/.heroku/vendor/lib",
    HOME: "/tmp",
  };
  const command =
    'echo "$LANG $WEB_CONCURRENCY [$EMPTY] $LD_LIBRARY_PATH $HOME $(env | grep -c PYTHONHOME)"; echo "$PATH"';
  const { output } = await ground.runDyno(command, { env });
  assert.equal(
    output,
    [
      "init: the config var PYTHONHOME is not used, as Python would not find its library in another place",
      "en_US.UTF-8 7 [] /app/.heroku/vendor/lib /tmp 0",
      "/opt/venv/bin:/app/.heroku/python/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
      "",
    ].join("\n"),
  );
  const none = await ground.runDyno('echo "$PATH"; ls > /dev/null && echo $HOME', { env: { PATH: "" } });
  assert.equal(none.output, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/app\n");
});

test("the image has what Heroku's has for apps to call, and its locales", async () => {
  const commands =
    "psql pg_dump pg_restore wget zip unzip jq less nano ssh rsync file dig nc telnet xz zstd lsb_release envsubst " +
    "locale curl ps gpg socat patch bzip2 ip";
  const { output } = await ground.runDyno(
    `for each in ${commands}; do command -v $each > /dev/null || echo "no $each"; done
    psql --version | cut -d ' ' -f 1-2; locale -a | grep -c utf8; locale charmap; date -d @0 +%A`,
    { env: { LC_ALL: "de_DE.UTF-8" } },
  );
  assert.equal(output, "psql (PostgreSQL)\n11\nUTF-8\nDonnerstag\n");
});
