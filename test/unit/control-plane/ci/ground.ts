import { createLocalJWKSet, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { Tokens, type TokensOptions } from "../../../../services/control-plane/ci/tokens.ts";
import { openStore } from "../../../../services/control-plane/store.ts";

export const ISSUER = "https://token.actions.githubusercontent.com";
export const AUDIENCE = "127.0.0.1";

/** Of a pull request in `octo/shop`, as GitHub writes it. */
export const CLAIMS = {
  sub: "repo:octo/shop:pull_request",
  repository: "octo/shop",
  repository_id: "1",
  ref: "refs/pull/12/merge",
  sha: "a".repeat(40),
  actor: "octocat",
  event_name: "pull_request",
} as const;

/** An issuer of tokens with a key of its own, and what takes them. */
export async function ground(
  trust: TokensOptions["trust"] = [{ repo: "octo/shop", ref: "refs/pull/*", may: "preview" }],
) {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" }] });
  const db = openStore(":memory:");
  let now = Date.now();
  let last = 0;
  const take = () => new Tokens({ db, trust, audience: AUDIENCE, clock: () => now, keys });
  return {
    publicKey,
    tokens: take(),
    /** The same after the control plane was started again. */
    again: take,
    pass(milliseconds: number) {
      now += milliseconds;
    },
    async sign(claims: JWTPayload = {}, header: { alg?: string; kid?: string } = {}, key = privateKey) {
      const at = Math.floor(now / 1000);
      const {
        iat = at,
        exp = Number(iat) + 300,
        iss = ISSUER,
        aud = AUDIENCE,
        jti = `token-${++last}`,
        ...more
      } = claims;
      return new SignJWT({ ...CLAIMS, iat, exp, iss, aud, jti, ...more })
        .setProtectedHeader({ alg: "RS256", kid: "one", ...header })
        .sign(key);
    },
    [Symbol.dispose]: () => db.close(),
  };
}
