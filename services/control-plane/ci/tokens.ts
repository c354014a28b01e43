import type { DatabaseSync } from "node:sqlite";
import type { JWTPayload, JWTVerifyGetKey } from "jose";
import { migrate } from "../store.ts";
import type { Clock } from "../types.ts";
import { type CiTrust, may, type Purpose } from "./trust.ts";

/** Why a workflow is not let in; in one line, for its log. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
  /** 401: the token is none that is taken; 403: it is, and its workflow may not do this. */
  readonly status: 401 | 403;

  constructor(status: 401 | 403, message: string) {
    super(message);
    this.status = status;
  }
}

/** A workflow that has proved which it is. */
export interface Workflow {
  /** `owner/name` */
  readonly repository: string;
  /** `refs/heads/main` */
  readonly ref: string;
  readonly sha: string;
  readonly actor: string;
}

/** Where GitHub Actions' tokens come from. */
const ISSUER = "https://token.actions.githubusercontent.com";

/** A token is taken for so long after it was made, whatever it says itself. */
const LIFETIME_MS = 10 * 60_000;

/** Seconds that clocks may differ by. */
const TOLERANCE_SECONDS = 30;

const STEPS = ["CREATE TABLE ci_token (jti TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT"];

export interface TokensOptions {
  readonly db: DatabaseSync;
  readonly trust: readonly CiTrust[];
  /** Whom tokens are to be made for: this platform. */
  readonly audience: string;
  readonly clock: Clock;
  /** @default ISSUER */
  readonly issuer?: string | undefined;
  /** The issuer's keys. @default those that it publishes, asked for when they are needed */
  readonly keys?: JWTVerifyGetKey;
}

/**
 * Takes the OIDC tokens of workflows: signed by the issuer's key, made for this platform, not older than ten minutes, of a
 * workflow that is trusted, and each once.
 */
export class Tokens {
  readonly #options: TokensOptions;
  #keys: JWTVerifyGetKey | undefined;

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#keys = options.keys;
    migrate(options.db, "ci", STEPS);
  }

  /** @throws TokenRefused */
  async take(token: string, purpose: Purpose): Promise<Workflow> {
    const claims = await this.#verified(token);
    const { repository, ref, sha = "", actor = "", event_name: event = "", jti } = claims as Record<string, unknown>;
    if (typeof repository !== "string" || typeof ref !== "string" || typeof jti !== "string" || jti === "") {
      throw new TokenRefused(401, "The token does not say which workflow it is of.");
    }
    if (!may(this.#options.trust, { repository, ref, event: String(event) }, purpose)) {
      throw new TokenRefused(
        403,
        `${repository} at ${ref} may not ${purpose} here. dynoform:platform.ci.trust says who may.`,
      );
    }
    if (!this.#isFirst(jti)) throw new TokenRefused(401, "The token was used already; each is taken once.");
    return { repository, ref, sha: String(sha), actor: String(actor) };
  }

  async #verified(token: string): Promise<JWTPayload> {
    const { audience, clock, issuer = ISSUER } = this.#options;
    const { createRemoteJWKSet, jwtVerify, errors } = await import("jose");
    this.#keys ??= createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks`));
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer,
        audience,
        algorithms: ["RS256"],
        requiredClaims: ["exp", "iat", "jti"],
        maxTokenAge: LIFETIME_MS / 1000,
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: new Date(clock()),
      });
      // Made for others besides, it could be used by them here.
      if (typeof payload.aud !== "string") throw new TokenRefused(401, "The token is made for others besides.");
      return payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new TokenRefused(401, "The token is too old.");
      if (error instanceof errors.JWTClaimValidationFailed) {
        throw new TokenRefused(401, `The token's ${error.claim} is not what is taken here.`);
      }
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) {
        throw new TokenRefused(401, "The token is not signed by the issuer that is trusted.");
      }
      throw error;
    }
  }

  /** Whether nobody came with it before. */
  #isFirst(jti: string): boolean {
    const { db, clock } = this.#options;
    const now = clock();
    db.prepare("DELETE FROM ci_token WHERE until < ?").run(now);
    const until = now + LIFETIME_MS + 2 * TOLERANCE_SECONDS * 1000;
    return db.prepare("INSERT OR IGNORE INTO ci_token VALUES (?, ?)").run(jti, until).changes === 1;
  }
}
