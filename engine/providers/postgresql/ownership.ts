/** Who may give a database to another owner: superusers, and who may act for the present one. */
import { name, type Server } from "./client.ts";

interface Ownership {
  readonly owner: string;
  /** Whom the provider logs in as. */
  readonly user: string;
  /** Whether that one may act for the owner. */
  readonly acts: boolean;
  /** Whether it may let itself do so. */
  readonly admin: boolean;
}

/** Undefined: there is no such database. */
export async function ownershipOf(database: string, client: Server): Promise<Ownership | undefined> {
  const [found] = await client.rows(
    `SELECT pg_get_userbyid(datdba) AS owner, current_user AS user, pg_has_role(datdba, 'USAGE') AS acts,
       pg_has_role(datdba, 'USAGE WITH ADMIN OPTION') AS admin
     FROM pg_database WHERE datname = $1`,
    [database],
  );
  if (!found) return undefined;
  const { owner, user, acts, admin } = found;
  return { owner: String(owner), user: String(user), acts: acts === true, admin: admin === true };
}

/**
 * What is said before and after a database is given to another owner, so that it may be.
 *
 * @throws Error that says what a superuser has to say instead
 */
export async function takingOwnership(
  database: string,
  wanted: string,
  client: Server,
): Promise<{ readonly before: readonly string[]; readonly after: readonly string[] }> {
  const ownership = await ownershipOf(database, client);
  if (ownership === undefined || ownership.acts) return { before: [], after: [] };
  if (!ownership.admin) throw new Error(foreignOwner(database, ownership, wanted));
  const { owner } = ownership;
  return { before: [`GRANT ${name(owner)} TO CURRENT_USER`], after: [`REVOKE ${name(owner)} FROM CURRENT_USER`] };
}

/** @param wanted whose it is to be; undefined: the program says it */
export function foreignOwner(database: string, { owner, user }: Ownership, wanted: string | undefined): string {
  const to = wanted === undefined ? "its owner" : name(wanted);
  return `the database ${name(database)} belongs to ${name(owner)}, for whom ${name(user)} may not act, so no up gives it back. Have a superuser say: ALTER DATABASE ${name(database)} OWNER TO ${to}`;
}
