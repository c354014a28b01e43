import { UserError } from "../../lib/errors.ts";
import { askSecret } from "../ask.ts";

/**
 * A database's URL with its password, which is asked for: arguments can be read by everybody on the machine.
 *
 * @throws UserError when the URL has one, or the platform's runner could not reach what it names
 */
export async function withPassword(text: string): Promise<string> {
  if (!text.startsWith("postgres://"))
    throw new UserError("say where to: `dynoform state move postgres://USER@HOST:5432/DATABASE`, or `local`.");
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UserError("that is no URL: it is written postgres://USER@HOST:5432/DATABASE.");
  }
  if (url.password !== "" || url.searchParams.has("password"))
    throw new UserError(
      "leave the password out of the URL: arguments can be read by everybody on this machine. It is asked for, or read from PGPASSWORD. Take another one where it matters.",
    );
  const host = url.searchParams.get("host") ?? url.hostname;
  if (host === "" || host.startsWith("/"))
    throw new UserError("name a host (`localhost`, say): the platform's runner has no sockets of the host's.");
  if (url.username === "") throw new UserError("name the database's user: postgres://USER@HOST:5432/DATABASE.");
  const password = process.env.PGPASSWORD ?? (await askSecret(`Password of ${url.username} at ${url.host}: `));
  // More than a URL asks for: what `pulumi.env` would take for a comment or quotes has to be escaped too.
  url.password = encodeURIComponent(password).replace(/['()*!]/g, (each) => `%${each.charCodeAt(0).toString(16)}`);
  return url.href;
}
