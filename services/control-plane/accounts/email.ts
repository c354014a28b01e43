import { UserError } from "../../../lib/errors.ts";

const LOCAL = "[a-z0-9_][a-z0-9._%+-]{0,63}";
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const ADDRESS = new RegExp(`^${LOCAL}@${LABEL}(?:\\.${LABEL})*$`);

/** One form of an e-mail address, by which accounts are found. */
export function normalEmail(given: string): string {
  return given.trim().toLowerCase();
}

/** @throws UserError when it is none. It becomes part of texts, of commits and of environments, so signs are few. */
export function checkedEmail(given: string): string {
  const email = normalEmail(given);
  if (email.length > 254 || !ADDRESS.test(email)) throw new UserError(`${JSON.stringify(given)} is no e-mail address.`);
  return email;
}
