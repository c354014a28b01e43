import { type BridgedResource, bool, string } from "../bridge/index.ts";
import { name, type Server } from "./client.ts";

const forceNew = true;

/** `postgresql:index/grantRole:GrantRole`: membership in a role. */
export const grantRole: BridgedResource<Server> = {
  properties: {
    role: string({ required: true, forceNew }),
    grantRole: string({ required: true, forceNew }),
    withAdminOption: bool({ forceNew }),
  },

  async create(inputs, { client }) {
    const { role, grantRole: parent, withAdminOption } = inputs;
    const option = withAdminOption === true ? " WITH ADMIN OPTION" : "";
    await client.run([`GRANT ${name(String(parent))} TO ${name(String(role))}${option}`]);
    return `${role}_${parent}_${withAdminOption === true}`;
  },

  async read(_id, known, { client }) {
    const [found] = await client.rows(
      `SELECT bool_or(admin_option) AS admin FROM pg_auth_members
       WHERE member = (SELECT oid FROM pg_roles WHERE rolname = $1)
         AND roleid = (SELECT oid FROM pg_roles WHERE rolname = $2) HAVING count(*) > 0`,
      [known.role, known.grantRole],
    );
    if (!found) return undefined;
    return { role: known.role ?? "", grantRole: known.grantRole ?? "", withAdminOption: found.admin === true };
  },

  async delete({ outputs }, { client }) {
    const there = await client.rows("SELECT FROM pg_roles WHERE rolname = ANY($1)", [
      [outputs.role, outputs.grantRole],
    ]);
    if (there.length < 2) return;
    await client.run([`REVOKE ${name(String(outputs.grantRole))} FROM ${name(String(outputs.role))}`]);
  },
};
