import { homedir } from "node:os";
import { join } from "node:path";

/** Where all platforms of this host keep what is theirs: `$DYNOFORM_HOME`, or what setup takes when it is not set. */
function home(): string {
  if (process.env.DYNOFORM_HOME) return process.env.DYNOFORM_HOME;
  return process.getuid?.() === 0 ? "/var/lib/dynoform" : join(homedir(), ".local/share/dynoform");
}

/** A platform's runtime directory, unless its settings name another: its sockets and records on the host. */
export function platformDirectory(platform: string): string {
  return join(home(), platform);
}

/** The folder where builds of all platforms queue. No platform's name begins with a dot. */
export function queueDirectory(): string {
  return join(home(), ".build-queue");
}

/** Where Pulumi keeps its plugins and caches. */
export function pulumiHome(): string {
  return process.env.PULUMI_HOME || join(homedir(), ".pulumi");
}
