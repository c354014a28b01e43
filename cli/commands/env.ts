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
    process.stdout.write(environmentScript(apiPort(platform), authority));
  },
};

/**
 * For the shell. Every host that the command would ask is set, so that no token of this platform leaves the machine, and
 * none of heroku.com comes here.
 *
 * @param authority the file with the certificate to trust
 */
export function environmentScript(port: number, authority: string): string {
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
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}\n`);
  // Not GIT_SSL_CAINFO, which would hold for every other server too.
  const trust = `git config --global ${quoted(`http.https://127.0.0.1:${port}/.sslCAInfo`)} ${quoted(authority)}\n`;
  return exports.join("") + trust;
}

/** A word of the shell, whatever stands in it. */
function quoted(value: string): string {
  return /^[\w./:@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
