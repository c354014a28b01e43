import { placesOf } from "../../services/control-plane/settings.ts";
import { authorityFile } from "../../services/control-plane/tls/certificates.ts";
import { apiPort, findPlatform, platformOption, readOf } from "../platform.ts";
import type { Command } from "./command.ts";

export const envCommand: Command = {
  summary: "print what makes `heroku` and git use this platform",
  help: `Usage: eval "$(npx dynoform env)" [--remote] [--platform NAME]

Prints commands for the shell: the environment in which the official \`heroku\` command talks to this platform, and to nobody
else, and the setting with which git trusts this platform's certificate at this platform's address.

  --remote  for another computer, which reaches this one's port by an SSH tunnel; the certificate comes along, and is kept
            there in ~/.config/dynoform
`,
  options: { ...platformOption, remote: { type: "boolean" } },
  async run({ platform: wanted, remote }) {
    const platform = await findPlatform(process.cwd(), wanted);
    const authority = authorityFile(placesOf(platform.directory).tls);
    const certificate = await readOf(platform, authority);
    const port = apiPort(platform);
    process.stdout.write(
      remote === true ? remoteScript(port, platform.name, certificate) : environmentScript(port, quoted(authority)),
    );
  },
};

/**
 * For the shell. Every host that the command would ask is set, so that no token of this platform leaves the machine, and
 * none of heroku.com comes here.
 *
 * @param authority the file with the certificate to trust, as a word of the shell
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
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${value}\n`);
  // Not GIT_SSL_CAINFO, which would hold for every other server too.
  const trust = `git config --global http.https://127.0.0.1:${port}/.sslCAInfo ${authority}\n`;
  return exports.join("") + OTHER_SERVERS + trust;
}

/** GIT_SSL_CAINFO overrules what is set for single servers; as a setting of git's it does not. */
const OTHER_SERVERS = `if [ -n "\${GIT_SSL_CAINFO-}" ]; then
  export "GIT_CONFIG_KEY_\${GIT_CONFIG_COUNT:-0}=http.sslCAInfo" "GIT_CONFIG_VALUE_\${GIT_CONFIG_COUNT:-0}=$GIT_SSL_CAINFO"
  export GIT_CONFIG_COUNT="$((\${GIT_CONFIG_COUNT:-0} + 1))"
  unset GIT_SSL_CAINFO
fi
`;

/** The same, with the certificate itself: its file is on another computer. */
export function remoteScript(port: number, platform: string, certificate: string): string {
  const file = `"$HOME/.config/dynoform/${platform}.pem"`;
  const kept = `mkdir -p "$HOME/.config/dynoform"\ncat >${file} <<'END'\n${certificate.trimEnd()}\nEND\n`;
  return kept + environmentScript(port, file);
}

/** A word of the shell, whatever stands in it. */
export function quoted(value: string): string {
  return /^[\w./:@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
