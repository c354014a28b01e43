import { readFile } from "node:fs/promises";
import { connect, type TLSSocket } from "node:tls";
import { authorityFile } from "../../services/control-plane/tls/certificates.ts";
import { apiOf, runtimeDirectory } from "./dyno-manager.ts";
import type { TestPlatform } from "./platform.ts";

/** A client at the end of an attached one-off dyno's connection, as `heroku run` is one. */
export interface Client {
  readonly socket: TLSSocket;
  /** What the command has printed. */
  output(): string;
  /** When the connection has ended: whether the dyno was met at all. */
  readonly ended: Promise<boolean>;
  type(text: string): void;
  /** As a client without a terminal does it. */
  endInput(): void;
}

/**
 * Goes where an `attach_url` says.
 *
 * @param ca whom to trust
 */
export function meet(attachUrl: string, ca: string | Buffer): Client {
  const { hostname: host, port, pathname } = new URL(attachUrl);
  const socket = connect({ host, port: Number(port), ca });
  socket.write(`${pathname.slice(1)}\r\n`);
  let met = false;
  let output = "";
  socket
    .setEncoding("utf8")
    .on("error", () => {})
    .on("data", (text: string) => {
      // The first piece is the greeting.
      if (met) output += text;
      met = true;
    });
  return {
    socket,
    output: () => output,
    ended: new Promise((resolve) => socket.on("close", () => resolve(met))),
    type: (text) => void socket.write(text),
    endInput: () => void socket.write("\x04"),
  };
}

const MARK = "\uFFFF heroku-command-exit-status: ";

/** Runs a command in a one-off dyno of an app, as `heroku run --exit-code --no-tty` does. */
export async function run(platform: TestPlatform, app: string, command: string) {
  const { body } = await (await apiOf(platform)).ask("POST", `/apps/${app}/dynos`, {
    attach: true,
    force_no_tty: true,
    command: `${command} ; echo "${MARK}$?"`,
  });
  const client = meet(body.attach_url, await readFile(authorityFile(`${runtimeDirectory(platform)}/control/tls`)));
  client.endInput();
  await client.ended;
  const [output = "", status] = client.output().split(MARK);
  if (status === undefined) throw new Error(`${command} was not ended: ${output}`);
  return { dyno: String(body.name), output, exitCode: Number(status) };
}
