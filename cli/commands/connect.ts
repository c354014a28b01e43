import { readFile } from "node:fs/promises";
import { UserError } from "../../lib/errors.ts";
import { FarApi, FarRefusal } from "../connect/far-api.ts";
import { type Kept, keep, readKept } from "../connect/kept.ts";
import { openLocalPort } from "../connect/local-port.ts";
import { loginByBrowser } from "../connect/login.ts";
import { print } from "../output.ts";
import type { Command } from "./command.ts";
import { environmentScript, shimFiles } from "./env.ts";

export const connectCommand: Command = {
  summary: "reach a platform elsewhere with `heroku` and git, over HTTPS",
  help: `Usage: npx dynoform connect https://api.DOMAIN [--ca FILE] [--port PORT]
       eval "$(npx dynoform connect https://api.DOMAIN --env)"

The first logs you in by a browser and opens a port of this machine that leads to the platform, until it is stopped (Ctrl-C);
the second makes \`heroku\` and git of a shell use that, as \`dynoform env\` does on the platform's own machine. The platform
has to declare \`access: public\`. The login is kept in ~/.config/dynoform/connections, readable to you alone; the
dashboard's Account page ends it.

  --ca FILE    the certificate of the authority that signs the platform's own (default: those that this machine trusts);
               it is kept, and no other is trusted for that platform
  --port PORT  of this machine (default: any that is free at first, the same ever after)
  --env        print what makes a shell use the platform
`,
  options: { ca: { type: "string" }, port: { type: "string" }, env: { type: "boolean" } },
  positionals: "arguments",
  async run({ ca, port, env }, [address, ...more]) {
    const origin = originOf(address, more);
    const known = await readKept(origin.host);
    if (env === true) {
      process.stdout.write(await scriptOf(origin, known));
      return;
    }
    const authority = typeof ca === "string" ? await authorityIn(ca) : known?.authority;
    const api = new FarApi(origin, authority);
    const { token, facts } = await loggedIn(api, known?.token);
    const local = await openLocalPort(api, token, portOf(port) ?? known?.port ?? 0, warn);
    const kept: Kept = { port: local.port, token, ...(authority !== undefined && { authority }), ...facts };
    await keep(origin.host, kept);
    print(`Connected to ${facts.platform} as ${facts.email}, by port ${local.port} of this machine. In another shell:`);
    print(`  eval "$(npx dynoform connect ${origin.origin} --env)"`);
    await local.ended;
  },
};

function originOf(address: string | undefined, more: readonly string[]): URL {
  const url = address !== undefined && more.length === 0 && URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "https:" || !url.hostname.startsWith("api.") || url.pathname !== "/" || url.username !== "") {
    throw new UserError("say where the platform's API is: `npx dynoform connect https://api.DOMAIN`.");
  }
  return url;
}

function portOf(port: unknown): number | undefined {
  if (typeof port !== "string") return undefined;
  const number = Number(port);
  if (Number.isInteger(number) && number > 0 && number < 65_536) return number;
  throw new UserError("--port is a number from 1 to 65535.");
}

async function authorityIn(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new UserError(`${file} cannot be read.`);
  });
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new UserError(`${file} is no certificate in PEM.`);
}

/** @param known the token that is kept, which may not hold any more */
async function loggedIn(api: FarApi, known: string | undefined) {
  if (known !== undefined) {
    try {
      return { token: known, facts: await factsOf(api, known) };
    } catch (error) {
      if (!(error instanceof FarRefusal) || error.status !== 401) throw error;
    }
  }
  const token = await loginByBrowser(api, (url) => print(`Log in with a browser: ${url}`));
  return { token, facts: await factsOf(api, token) };
}

async function factsOf(api: FarApi, token: string) {
  const {
    platform,
    email,
    certificate,
    command_line_certificate: commandLine,
  } = await api.ask("GET", "/connect", token);
  if (
    typeof platform === "string" &&
    typeof email === "string" &&
    typeof certificate === "string" &&
    typeof commandLine === "string"
  ) {
    return { platform, email, certificate, commandLine };
  }
  throw new UserError(`${api.origin.host} is no platform of Dynoform.`);
}

async function scriptOf({ host, origin }: URL, known: Kept | undefined): Promise<string> {
  const { port, certificate, commandLine } = known ?? {};
  if (port === undefined || certificate === undefined || commandLine === undefined) {
    throw new UserError(`there is no connection to ${host} yet: \`npx dynoform connect ${origin}\`.`);
  }
  const platform = `connection-${host.replace(":", "-")}`;
  return environmentScript({ port, platform, certificate, commandLine, shim: await shimFiles() });
}

function warn(line: string): void {
  process.stderr.write(`${line}\n`);
}
