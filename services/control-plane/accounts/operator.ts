import type { Accounts } from "../api/ports.ts";
import type { Token } from "../api/token.ts";

/** One account for whoever has the key that lies on the host: the platform's operator, who may do everything. */
export function operatorOnly(key: Token, user: { readonly id: string; readonly email: string }): Accounts {
  return {
    who: async (authorization) =>
      (await key.accepts(authorization)) ? { ...user, role: "admin", via: "key" } : undefined,
    may: () => true,
    owner: () => user,
    audit() {},
  };
}
