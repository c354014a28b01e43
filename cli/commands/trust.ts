import { X509Certificate } from "node:crypto";
import { UserError } from "../../lib/errors.ts";
import { isLocalDomain } from "../../model/platform/addresses.ts";
import { placesOf } from "../../model/platform/control-plane.ts";
import { httpsPort } from "../../model/platform/settings.ts";
import { authorityFile } from "../../services/control-plane/tls/certificates.ts";
import { print } from "../output.ts";
import { findPlatform, platformOption, readOf } from "../platform.ts";
import type { Command } from "./command.ts";

export const trustCommand: Command = {
  summary: "print how browsers and curl are told of this platform's own certificates",
  help: `Usage: dynoform trust [--platform NAME]

Apps at <app>.localhost are served over HTTPS too, with certificates that this platform signs itself. This prints where the
certificate of its authority is, and the commands by which browsers and curl trust it. It changes nothing itself.
`,
  options: { ...platformOption },
  async run({ platform: wanted }) {
    const platform = await findPlatform(process.cwd(), wanted);
    const { domain = "localhost", ports } = platform.settings;
    const port = httpsPort(ports);
    if (port === undefined) {
      throw new UserError(
        `the platform ${platform.name} is served over HTTP only: set \`https: 8443\` below \`ports\` of its stack file.`,
      );
    }
    if (!isLocalDomain(domain)) {
      throw new UserError(`the platform signs names below localhost only, and not those below ${domain}.`);
    }
    const path = authorityFile(placesOf(platform.directory).tls);
    print(advice(path, await readOf(platform, path), `https://hello.${domain}${port === 443 ? "" : `:${port}`}/`));
  },
};

/** @param authority its certificate, PEM */
function advice(path: string, authority: string, example: string): string {
  const { fingerprint256, validTo } = new X509Certificate(authority);
  return `This platform's authority can vouch for localhost, names below it and 127.0.0.1, and for nothing else.

  file         ${path}
  SHA-256      ${fingerprint256}
  good until   ${validTo}

curl, once:
  curl --cacert ${path} ${example}

Debian and Ubuntu, for curl, git and most programs (Python and Node look elsewhere: SSL_CERT_FILE, NODE_EXTRA_CA_CERTS):
  sudo cp ${path} /usr/local/share/ca-certificates/dynoform.crt && sudo update-ca-certificates

Chrome and Chromium on Linux (certutil is in the package libnss3-tools):
  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Dynoform -i ${path}

Firefox: Settings, Privacy & Security, View Certificates, Authorities, Import, this file, "identify websites".

macOS:
  security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ${path}`;
}
