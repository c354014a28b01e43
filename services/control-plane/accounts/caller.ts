/** Who asks: somebody with an account, or the operator of the host. */
export interface Caller {
  readonly id: string;
  readonly email: string;
  readonly role: "admin" | "member";
  /** What was presented: an API token, the dashboard's cookie, or the key that lies on the host. */
  readonly via: "token" | "session" | "key";
  /** The id of the token's authorization. */
  readonly authorization?: string;
}

/** What somebody may do with an app: use it, or also give it away and delete it. */
export type Right = "use" | "own";
