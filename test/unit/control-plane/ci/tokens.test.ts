import assert from "node:assert/strict";
import { test } from "node:test";
import { exportSPKI, generateKeyPair, UnsecuredJWT } from "jose";
import type { TokenRefused } from "../../../../services/control-plane/ci/tokens.ts";
import { AUDIENCE, CLAIMS, ground, ISSUER } from "./ground.ts";

type Ground = Awaited<ReturnType<typeof ground>>;

const refused = ({ tokens }: Ground, token: string, status: number, message: RegExp) =>
  assert.rejects(
    tokens.take(token, "preview"),
    (error: TokenRefused) => error.status === status && message.test(error.message),
  );

test("a workflow that is trusted is let in, and told apart", async () => {
  using there = await ground();
  assert.deepEqual(await there.tokens.take(await there.sign(), "preview"), {
    repository: "octo/shop",
    ref: "refs/pull/12/merge",
    sha: CLAIMS.sha,
    actor: "octocat",
  });
});

test("an expired token is refused, and one that is older than ten minutes, whatever it says itself", async () => {
  using there = await ground();
  const short = await there.sign();
  const long = await there.sign({ exp: Math.floor(Date.now() / 1000) + 86_400 });
  there.pass(6 * 60_000);
  await refused(there, short, 401, /^The token is too old\.$/);
  there.pass(5 * 60_000);
  await refused(there, long, 401, /^The token is too old\.$/);
});

test("a token of tomorrow is refused", async () => {
  using there = await ground();
  await refused(
    there,
    await there.sign({ iat: Math.floor(Date.now() / 1000) + 3600 }),
    401,
    /iat is not what is taken/,
  );
});

test("another repository is refused", async () => {
  using there = await ground();
  for (const repository of ["mallory/shop", "octo/shop2", "octo/sho"]) {
    await refused(
      there,
      await there.sign({ repository }),
      403,
      new RegExp(`^${repository} at refs/pull/12/merge may not preview here`),
    );
  }
});

test("another ref is refused", async () => {
  using there = await ground();
  for (const ref of ["refs/heads/main", "refs/tags/refs/pull/1", "pull/1"]) {
    await refused(there, await there.sign({ ref }), 403, /may not preview here/);
  }
});

test("a branch is named as people name it, and a star stands for the rest only at its end", async () => {
  using there = await ground([{ repo: "Octo/Shop", ref: "main", may: "preview" }]);
  await there.tokens.take(await there.sign({ ref: "refs/heads/main" }), "preview");
  for (const ref of ["refs/heads/main2", "refs/heads/x/main", "refs/tags/main", "main"]) {
    await refused(there, await there.sign({ ref }), 403, /may not preview/);
  }
});

test("another audience is refused, and ours among others", async () => {
  using there = await ground();
  await refused(there, await there.sign({ aud: "https://github.com/octo" }), 401, /aud is not what is taken/);
  await refused(there, await there.sign({ aud: [AUDIENCE, "else.example.com"] }), 401, /made for others besides/);
});

test("another issuer is refused", async () => {
  using there = await ground();
  await refused(there, await there.sign({ iss: "https://gitlab.example.com" }), 401, /iss is not what is taken/);
});

test("a token is taken once, also by another control plane's process; one that was refused may be used where it belongs", async () => {
  using there = await ground();
  const token = await there.sign();
  await there.tokens.take(token, "preview");
  await refused(there, token, 401, /used already/);
  await assert.rejects(there.again().take(token, "preview"), /used already/);
  const many = await there.sign();
  const taken = await Promise.allSettled(Array.from({ length: 20 }, () => there.tokens.take(many, "preview")));
  assert.equal(taken.filter(({ status }) => status === "fulfilled").length, 1);
});

test("a token that another key has signed is refused", async () => {
  using there = await ground();
  const { privateKey } = await generateKeyPair("RS256");
  await refused(there, await there.sign({}, {}, privateKey), 401, /not signed by the issuer/);
  await refused(there, await there.sign({}, { kid: "two" }, privateKey), 401, /not signed by the issuer/);
});

test("a token without a signature, or signed with what is public, is refused", async () => {
  using there = await ground();
  const at = Math.floor(Date.now() / 1000);
  const none = new UnsecuredJWT({ ...CLAIMS, iss: ISSUER, aud: AUDIENCE, jti: "x", iat: at, exp: at + 300 }).encode();
  await refused(there, none, 401, /not signed by the issuer/);
  const secret = new TextEncoder().encode(await exportSPKI(there.publicKey));
  await refused(there, await there.sign({}, { alg: "HS256" }, secret as never), 401, /not signed by the issuer/);
  const [, payload = "", signature = ""] = (await there.sign()).split(".");
  const header = Buffer.from(JSON.stringify({ alg: "none", kid: "one" })).toString("base64url");
  await refused(there, `${header}.${payload}.${signature}`, 401, /not signed by the issuer/);
  for (const text of ["", "a", "a.b.c", `${"a".repeat(10_000)}.b.c`])
    await refused(there, text, 401, /not signed by the issuer/);
});

test("a token that does not say of which workflow it is, or has no id, is refused", async () => {
  using there = await ground();
  await refused(there, await there.sign({ repository: undefined }), 401, /does not say which workflow/);
  await refused(there, await there.sign({ ref: 1 }), 401, /does not say which workflow/);
  await refused(there, await there.sign({ jti: "" }), 401, /does not say which workflow/);
});
