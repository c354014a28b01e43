/**
 * Git's `proc-receive` hook, run by `git receive-pack` when a push has arrived whole: hands the refs to the control plane on its
 * Unix socket, shows what comes back as it comes, and tells Git what became of each ref. Unlike in `pre-receive` the objects
 * are where every process sees them, and no ref has moved.
 */
import { request } from "node:http";
import { createInterface } from "node:readline";
import { FLUSH, pktLine, readPktLines } from "./pkt-line.ts";
import { HOOK_SECRET, HOOK_SOCKET, type PushEvent, parseUpdate, type Update, type Verdict } from "./verdict.ts";

const AWAY = "the platform is being restarted; push again in a moment";

const lines = readPktLines(process.stdin);
await readList();
process.stdout.write(pktLine("version=1\n") + FLUSH);
const updates = (await readList()).flatMap((line) => parseUpdate(line) ?? []);
const verdicts = await ask(updates).catch((): Verdict[] => []);
process.stdout.write(
  updates.map(({ ref }) => answer(verdicts.find((each) => each.ref === ref) ?? refused(ref))).join("") + FLUSH,
);
process.stdin.destroy();

async function readList(): Promise<string[]> {
  const list: string[] = [];
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true || value === undefined) return list;
    list.push(value);
  }
}

function refused(ref: string): Verdict {
  return { ref, end: "refused", reason: AWAY };
}

function answer(verdict: Verdict): string {
  const { ref } = verdict;
  if (verdict.end === "refused") return pktLine(`ng ${ref} ${verdict.reason.replaceAll(/\s+/g, " ").slice(0, 500)}\n`);
  return pktLine(`ok ${ref}\n`) + (verdict.end === "left" ? pktLine("option fall-through\n") : "");
}

function ask(pushed: readonly Update[]): Promise<readonly Verdict[]> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: process.env[HOOK_SOCKET],
        method: "POST",
        path: "/push",
        headers: { authorization: `Bearer ${process.env[HOOK_SECRET]}`, "content-type": "application/json" },
      },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`));
        response.on("error", reject);
        const reader = createInterface({ input: response });
        reader.on("line", (line) => {
          const event: PushEvent = JSON.parse(line);
          if ("verdicts" in event) resolve(event.verdicts);
          else process.stderr.write(`${event.say}\n`);
        });
        reader.on("close", () => reject(new Error(AWAY)));
      },
    );
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify(pushed));
  });
}
