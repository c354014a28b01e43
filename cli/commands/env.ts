import { placesOf } from "../../services/control-plane/settings.ts";
import { authorityFile } from "../../services/control-plane/tls/certificates.ts";
import { apiPort, findPlatform, platformOption, readOf } from "../platform.ts";
import type { Command } from "./command.ts";

export const envCommand: Command = {
  summary: "print what makes `heroku` and git use this platform",
  help: `Usage: eval "$(npx dynoform env)" [--platform NAME]

Prints commands for the shell: the environment in which the official \`heroku\` command talks to this platform, and to nobody
else, and the setting with which git trusts this platform's certificate at this platform's address.
`,
  options: platformOption,
  async run({ platform: wanted }) {
    const platform = await findPlatform(process.cwd(), wanted);
    const authority = authorityFile(placesOf(platform.directory).tls);
    await readOf(platform, authority);
    process.stdout.write(environmentScript(apiPort(platform), authority, process.env));
  },
};

/**
 * For the shell. Every host that the command would ask is set, so that no token of this platform leaves the machine, and
 * none of heroku.com comes here.
 *
 * @param authority the file with the certificate to trust
 * @param present the shell's environment as it is
 */
export function environmentScript(port: number, authority: string, present: NodeJS.ProcessEnv = {}): string {
  const url = `http://127.0.0.1:${port}`;
  const variables = {
    HEROKU_HOST: url,
    HEROKU_LOGIN_HOST: url,
    HEROKU_PARTICLEBOARD_URL: url,
    HEROKU_STATUS_HOST: url,
    HEROKU_BUILDPACK_REGISTRY_URL: url,
    HEROKU_DATA_HOST: "127.0.0.1",
    HEROKU_NETRC_WRITE: "true",
    HEROKU_SKIP_NEW_VERSION_CHECK: "true",
    DISABLE_TELEMETRY: "true",
    NODE_EXTRA_CA_CERTS: authority,
  };
  // Not GIT_SSL_CAINFO, which would hold for every other server too.
  const trust = `git config --global ${quoted(`http.https://127.0.0.1:${port}/.sslCAInfo`)} ${quoted(authority)}\n`;
  return exported(variables) + otherServers(present) + trust;
}

/** GIT_SSL_CAINFO overrules what is set for single servers; as a setting of git's it does not. */
function otherServers({ GIT_SSL_CAINFO: authorities, GIT_CONFIG_COUNT: count = "0" }: NodeJS.ProcessEnv): string {
  if (authorities === undefined) return "";
  const settings = {
    [`GIT_CONFIG_KEY_${count}`]: "http.sslCAInfo",
    [`GIT_CONFIG_VALUE_${count}`]: authorities,
    GIT_CONFIG_COUNT: String(Number(count) + 1),
  };
  return `unset GIT_SSL_CAINFO\n${exported(settings)}`;
}

function exported(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join("");
}

/** A word of the shell, whatever stands in it. */
function quoted(value: string): string {
  return /^[\w./:@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
