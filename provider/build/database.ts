import type Docker from "dockerode";
import { isNotFound } from "../../lib/errors.ts";

/** Where a build reaches its platform's Postgres. */
export interface DatabaseAccess {
  /** The platform's overlay network, which is attachable. */
  readonly network: string;
  readonly address: string;
}

/**
 * How what sees an app's config vars in its build reaches the app's database, as on Heroku: hooks that migrate, and a
 * collectstatic that asks for something. Undefined: the app has no database, or the platform no Postgres.
 *
 * @param config what of the config vars the build's steps see
 */
export async function databaseAccess(
  docker: Docker,
  platform: string,
  config: Readonly<Record<string, string>>,
): Promise<DatabaseAccess | undefined> {
  if (!Object.values(config).some((value) => /^postgres(ql)?:\/\//.test(value))) return undefined;
  try {
    const { NetworkSettings } = await docker.getContainer(`${platform}-postgres`).inspect();
    const address = NetworkSettings.Networks[platform]?.IPAddress;
    return address ? { network: platform, address } : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
