import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { checkNewPassword, Passwords } from "../../../../services/control-plane/accounts/passwords.ts";

/** Made by the reference implementation of Argon2. */
const REFERENCE = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$tO6qEmhvhKdoifJqbcZXq10DElrmVz4FOrKZQSvXLPw";

test("a password is kept as argon2id with 19 MiB and two passes, salted", async () => {
  const passwords = new Passwords();
  const [kept, again] = [await passwords.hash("correct horse battery"), await passwords.hash("correct horse battery")];
  assert.match(kept, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.notEqual(kept, again);
  assert.equal(await passwords.verify("correct horse battery", kept), true);
  assert.equal(await passwords.verify("correct horse batterx", kept), false);
  assert.equal(await passwords.verify("", kept), false);
});

test("it is the algorithm that others mean, whatever form the keyboard gives to letters", async () => {
  const passwords = new Passwords();
  assert.equal(await passwords.verify("pässword of the reference", REFERENCE), true);
  assert.equal(await passwords.verify("pa\u0308ssword of the reference", REFERENCE), true);
  assert.equal(await passwords.verify("passwort of the reference", REFERENCE), false);
  await assert.rejects(passwords.verify("x", "$2b$10$damaged"), /damaged/);
});

test("nobody's password is looked at too, and never right", async () => {
  const passwords = new Passwords();
  assert.equal(await passwords.verify("", undefined), false);
  assert.equal(await passwords.verify("anything", undefined), false);
});

test("two are looked at at a time, some wait, and more are turned away", async () => {
  const passwords = new Passwords();
  const all = Array.from({ length: 40 }, () => passwords.verify("x", undefined));
  const ended = await Promise.allSettled(all);
  const refused = ended.filter(({ status }) => status === "rejected");
  assert.equal(refused.length, 40 - 2 - 32);
  assert.equal(await passwords.verify("pässword of the reference", REFERENCE), true, "turns are given back");
});

test("a new password is 10 to 200 characters and not the address", () => {
  const refuse = (password: string) => assert.throws(() => checkNewPassword(password, "ada@example.com"), UserError);
  for (const password of ["", "short", "🔑".repeat(9), "x".repeat(201), "Ada@Example.com"]) refuse(password);
  checkNewPassword("🔑".repeat(10), "ada@example.com");
});
