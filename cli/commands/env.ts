import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../lib/package-root.ts";
import { placesOf } from "../../model/platform/control-plane.ts";
import { authorityFile, commandLineAuthorityFile } from "../../services/control-plane/tls/certificates.ts";
import { apiPort, findPlatform, platformOption, readOf } from "../platform.ts";
import type { Command } from "./command.ts";

export const envCommand: Command = {
  summary: "print what makes `heroku` and git use this platform",
  help: `Usage: eval "$(npx dynoform env)" [--remote] [--platform NAME]

Prints commands for the shell: the environment in which the official \`heroku\` command talks to this platform, and to nobody
else, and the setting with which git trusts this platform's certificate at this platform's address. Where the official command
would send its token to hosts of Heroku's, a small \`heroku\` before it on the PATH leads it here, and nothing else that runs
in the shell. What that takes is kept in ~/.config/dynoform.

  --remote  for another computer, which reaches this one's port by an SSH tunnel; the certificate comes along
`,
  options: { ...platformOption, remote: { type: "boolean" } },
  async run({ platform: wanted, remote }) {
    const platform = await findPlatform(process.cwd(), wanted);
    const { tls } = placesOf(platform.directory);
    const authority = authorityFile(tls);
    const script = environmentScript({
      port: apiPort(platform),
      platform: platform.name,
      certificate: await readOf(platform, authority),
      commandLine: await readOf(platform, commandLineAuthorityFile(tls)),
      ...(remote !== true && { authority }),
      shim: await shimFiles(),
    });
    process.stdout.write(script);
  },
};

/** The files of the `heroku` before the official one, by their names. */
export async function shimFiles(): Promise<Readonly<Record<string, string>>> {
  const names = ["heroku", "in-heroku.cjs"];
  const texts = names.map(async (name) => [name, await readFile(join(packageRoot(), "cli", "heroku", name), "utf8")]);
  return Object.fromEntries(await Promise.all(texts));
}

export interface EnvironmentScript {
  readonly port: number;
  /** The platform's name. */
  readonly platform: string;
  /** The certificate that git and the command are to trust, PEM, and the one that only the command trusts. */
  readonly certificate: string;
  readonly commandLine: string;
  /**
   * The file with `certificate`, on this computer.
   * @default a copy is kept where the script runs
   */
  readonly authority?: string;
  readonly shim: Readonly<Record<string, string>>;
}

/**
 * For a POSIX shell. Every host that the command would ask is set, or leads here through the port as its proxy, so that no
 * token of this platform leaves the machine, and none of heroku.com comes here. It may run in several shells at once.
 */
export function environmentScript({ port, platform, certificate, commandLine, ...more }: EnvironmentScript): string {
  const url = `http://127.0.0.1:${port}`;
  const copy = `${platform}.pem`;
  const both = `${platform}-heroku.pem`;
  const authority = more.authority === undefined ? `"${KEPT}/${copy}"` : quoted(more.authority);
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
    DYNOFORM_AUTHORITIES: `"${KEPT}/${both}"`,
  };
  return [
    `mkdir -p "${KEPT}/bin"\n`,
    more.authority === undefined ? kept(copy, certificate) : "",
    kept(both, `${certificate.trimEnd()}\n${commandLine}`),
    ...Object.entries(more.shim).map(([name, text]) => kept(`bin/${name}`, text)),
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${value}\n`),
    FIRST_ON_PATH,
    OTHER_SERVERS,
    trust(port, authority),
  ].join("");
}

/** Where it is kept what the command needs, as the shell knows it. */
const KEPT = "$HOME/.config/dynoform";

/** A whole file or none, whoever writes it at the same time. */
function kept(name: string, text: string): string {
  const unfinished = `"${KEPT}/${name}.$$"`;
  const mode = name.endsWith("/heroku") ? `chmod 755 ${unfinished}\n` : "";
  return `cat >${unfinished} <<'DYNOFORM-END'\n${text.trimEnd()}\nDYNOFORM-END\n${mode}mv -f ${unfinished} "${KEPT}/${name}"\n`;
}

/** Once, and at the front, however often the script runs in a shell. */
const FIRST_ON_PATH = `PATH=":$PATH:"
case "$PATH" in
  *":${KEPT}/bin:"*) PATH="\${PATH%%":${KEPT}/bin:"*}:\${PATH#*":${KEPT}/bin:"}" ;;
esac
PATH="\${PATH#:}"
export PATH="${KEPT}/bin:\${PATH%:}"
`;

/** GIT_SSL_CAINFO overrules what is set for single servers; as a setting of git's it does not. */
const OTHER_SERVERS = `if [ -n "\${GIT_SSL_CAINFO-}" ]; then
  export "GIT_CONFIG_KEY_\${GIT_CONFIG_COUNT:-0}=http.sslCAInfo" "GIT_CONFIG_VALUE_\${GIT_CONFIG_COUNT:-0}=$GIT_SSL_CAINFO"
  export GIT_CONFIG_COUNT="$((\${GIT_CONFIG_COUNT:-0} + 1))"
  unset GIT_SSL_CAINFO
fi
`;

/**
 * Git's own setting, and not GIT_SSL_CAINFO, which would hold for every other server too. Git takes one change of its
 * settings at a time and refuses others: another shell, or the \`heroku\` command, may be at it.
 */
function trust(port: number, authority: string): string {
  const key = `http.https://127.0.0.1:${port}/.sslCAInfo`;
  return `for DYNOFORM_TRY in 1 2 3 4 5 6 7 8 9 last; do
  if [ "$(git config --global --get ${key})" = ${authority} ]; then break; fi
  if [ $DYNOFORM_TRY = last ]; then git config --global ${key} ${authority}
  elif git config --global ${key} ${authority} 2>/dev/null; then break
  else sleep 1; fi
done
unset DYNOFORM_TRY
`;
}

/** A word of the shell, whatever stands in it. */
function quoted(value: string): string {
  return /^[\w./:@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
