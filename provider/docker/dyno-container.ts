import { createHash } from "node:crypto";
import { LANGUAGE_PATH, type Room, surroundings } from "./surroundings.ts";

/** What of a platform a dyno's container must know, whether Swarm starts it or we do. */
export interface DynoPlatform {
  readonly name: string;
  /** The platform's folder on the host. */
  readonly directory: string;
  readonly routerAddress: string;
  readonly postgresAddress: string;
  /** Private IPv4 networks that dynos may reach. */
  readonly egress: readonly string[];
}

/** The first process of every dyno; see images/base/tools/init.c. */
export const DYNO_INIT = "/usr/lib/dynoform/init";

/** The port a dyno is told to listen on. */
export const DYNO_PORT = 5000;

/**
 * What the init needs to close the network, to give /app to the dyno's user and to become that user, after which
 * nothing of it is left.
 */
export const DYNO_CAPABILITIES = ["CHOWN", "NET_ADMIN", "SETUID", "SETGID", "SETPCAP"];

/** The host's addresses, as the init finds them. */
export function hostFolder({ directory }: DynoPlatform) {
  return { source: `${directory}/host`, target: "/run/dynoform-host" };
}

/** What a dyno may use, as far as its init and its surroundings go. */
export interface DynoRoom extends Room {
  /** The limit of processes and threads. */
  readonly processes: number;
}

/**
 * What the init takes from the environment. The app sees `PORT` and `DYNO` of it, and defaults that no config var has
 * the names of.
 *
 * @param dyno as Heroku writes it: `web.1`
 * @param unique no other dyno of this host has it, e.g. the service's name
 */
export function initEnvironment(
  platform: DynoPlatform,
  { dyno, unique, size }: { readonly dyno: string; readonly unique: string; readonly size: DynoRoom },
): Record<string, string> {
  return {
    PORT: String(DYNO_PORT),
    DYNO: dyno,
    // Process limits count per user across containers, so each dyno has a user of its own.
    DYNOFORM_UID: String(2 ** 20 + (createHash("sha256").update(unique).digest().readUInt32BE(0) % 2 ** 30)),
    DYNOFORM_PROCESSES: String(size.processes),
    DYNOFORM_ROUTER: platform.routerAddress,
    DYNOFORM_POSTGRES: platform.postgresAddress,
    DYNOFORM_EGRESS: platform.egress.join(","),
    DYNOFORM_PATH: LANGUAGE_PATH,
    ...Object.fromEntries(
      Object.entries(surroundings(size)).map(([name, value]) => [`DYNOFORM_DEFAULT_${name}`, value]),
    ),
  };
}

/** What the container of a dyno, and its service, are labelled with. */
export function dynoLabels(of: {
  readonly platform: string;
  readonly app: string;
  readonly dyno: string;
  readonly type: string;
  readonly size: string;
}): Record<string, string> {
  return {
    "dynoform.platform": of.platform,
    "dynoform.app": of.app,
    "dynoform.dyno": of.dyno,
    "dynoform.type": of.type,
    "dynoform.size": of.size,
  };
}
