import assert from "node:assert/strict";
import type { TestPlatform } from "./platform.ts";

/** An account that is not the first admin's. */
interface Account {
  readonly email: string;
  readonly password: string;
  /** Of the API. */
  readonly token: string;
}

/** Invites somebody, and accepts as a browser without scripts does. */
export async function newAccount(platform: TestPlatform, email: string): Promise<Account> {
  const invited = await platform.dynoform("invite", email);
  assert.equal(invited.exitCode, 0, invited.output);
  const { pathname, origin } = new URL(invited.output.trim());
  const page = await platform.fetch("dashboard", pathname);
  const cookies = [page.headers["set-cookie"]].flat().map((line) => line?.split(";", 1)[0]);
  const hidden = page.body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
  const password = "correct horse battery";
  const fields = new URLSearchParams({ password });
  for (const [, name = "", value = ""] of hidden) fields.set(name, value);
  const accepted = await platform.fetch("dashboard", pathname, {
    method: "POST",
    headers: { cookie: cookies.join("; "), origin, "content-type": "application/x-www-form-urlencoded" },
    body: String(fields),
  });
  assert.equal(accepted.status, 303, accepted.body);

  const authorization = `Basic ${Buffer.from(`${email}:${password}`).toString("base64")}`;
  const url = `http://127.0.0.1:${platform.ports.api}/oauth/authorizations`;
  const made = await fetch(url, { method: "POST", headers: { authorization } });
  const { access_token } = (await made.json()) as { access_token: { token: string } };
  return { email, password, token: access_token.token };
}
