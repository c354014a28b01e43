import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../services/errors.ts";
import { type ApiClient, findTarget, Unreachable } from "../api-client.ts";
import { serverEvents } from "../events.ts";
import { appOption, type Command } from "./command.ts";

/** How often a tail that was cut off is taken up again, a second apart, before it is given up. */
const ATTEMPTS = 60;

export const logsCommand: Command = {
  summary: "show an app's log",
  help: `Usage: dynoform logs [-t] [-n NUMBER] [--source SOURCE] [--dyno DYNO] [-a APP]

  -t, --tail         go on with what comes
  -n, --num NUMBER   how many lines (default: 100; 1500 are kept)
  -s, --source app|heroku
  -d, --dyno web.1   those of a dyno or of a process type; router and api too
`,
  options: {
    ...appOption,
    tail: { type: "boolean", short: "t" },
    num: { type: "string", short: "n", default: "100" },
    source: { type: "string", short: "s" },
    dyno: { type: "string", short: "d" },
  },
  async run({ app: wanted, tail = false, num, source, dyno }) {
    const lines = Number(num);
    if (!Number.isInteger(lines) || lines < 0) throw new UserError("-n takes a number.");
    const { api, app } = await findTarget(process.cwd(), wanted);
    const { body } = await api.ask("POST", `/apps/${app}/log-sessions`, { lines, tail, source, dyno });
    // Whoever reads us, e.g. `head`, may have enough.
    process.stdout.on("error", () => process.exit(0));
    await follow(api, body.logplex_url, tail === true);
  },
};

async function follow(api: ApiClient, url: string, tail: boolean): Promise<void> {
  let last: string | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      const stream = await open(api, url, last);
      attempt = 1;
      for await (const { id, data } of serverEvents(stream)) {
        last = id ?? last;
        if (!process.stdout.write(`${data}\n`)) await new Promise((resolve) => process.stdout.once("drain", resolve));
      }
      if (!tail) return;
    } catch (error) {
      // It is being replaced, and goes on where it was.
      const broken = error instanceof Unreachable || (error as { code?: string }).code === "ECONNRESET";
      if (!tail || !broken || attempt === ATTEMPTS) throw error;
    }
    await sleep(1000);
  }
}

async function open(api: ApiClient, url: string, last: string | undefined): Promise<IncomingMessage> {
  const stream = await api.open(url, {
    accept: "text/event-stream",
    ...(last !== undefined && { "last-event-id": last }),
  });
  if (stream.statusCode === 200) return stream;
  stream.destroy();
  throw new UserError("Log stream timed out. Please try again.");
}
