import { Accounts, type AccountsOptions } from "../../../../services/control-plane/accounts/accounts.ts";
import { Token } from "../../../../services/control-plane/accounts/token.ts";
import { openStore } from "../../../../services/control-plane/store.ts";

/** Accounts in memory, with the first admin alone. @param tokenFile where the operator's key stands */
export function memoryAccounts(tokenFile: string, over: Partial<AccountsOptions> = {}): Accounts {
  return new Accounts({
    db: openStore(":memory:"),
    platform: "test",
    operator: "me@example.com",
    key: new Token(tokenFile),
    signUp: false,
    clock: Date.now,
    ...over,
  });
}
