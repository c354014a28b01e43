import type { Accounts } from "../../accounts/accounts.ts";
import type { PublicRoute } from "../visit.ts";
import { browserLoginPages } from "./browser-login.ts";
import { invitationPages } from "./invitation.ts";
import { loginPages } from "./login.ts";
import { signUpPages } from "./sign-up.ts";

/** The pages by which people come in: to log in, to sign up, to accept an invitation, to let a command line in. */
export function accountPages(accounts: Accounts): PublicRoute[] {
  return [
    ...loginPages(accounts),
    ...signUpPages(accounts),
    ...invitationPages(accounts),
    ...browserLoginPages(accounts),
  ];
}
