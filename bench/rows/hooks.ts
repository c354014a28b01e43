import { fork } from "node:child_process";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { type Bench, median } from "../row.ts";

/** Deliveries that are refused in a round, and bytes of each: what GitHub sends of a push of a hundred commits. */
const DELIVERIES = 1000;
const BYTES = 100_000;
const ROUNDS = 5;

export interface HookServer {
  readonly port: number;
  /** CPU of the server's process, in microseconds, and what it parsed. */
  used(): Promise<{ readonly cpu: number; readonly parsed: number }>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @param kind `ours`: what takes deliveries. `hmac`: a server that does nothing but hash what comes */
export async function hookServer(kind: "ours" | "hmac"): Promise<HookServer> {
  const child = fork(join(import.meta.dirname, "..", "plain", "hook-server.ts"), [kind]);
  const answer = async () => (await once(child, "message"))[0];
  const { port } = await answer();
  return {
    port,
    async used() {
      const answered = answer();
      child.send("used");
      return answered;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, "exit");
    },
  };
}

/** Sends a forged delivery. @returns the status of the answer */
export function sendForged(port: number, body: Buffer, agent: Agent): Promise<number> {
  const signature = createHmac("sha256", "guess").update(randomUUID()).digest("hex");
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": body.length,
      "x-github-delivery": randomUUID(),
      "x-hub-signature-256": `sha256=${signature}`,
    };
    const path = "/hooks/github/hello.github?generation=1";
    const sent = request({ port, path, method: "POST", headers, agent }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** What a forged delivery costs the control plane, beside a server that only computes its HMAC. */
export const bench: Bench = async (say, { rounds = ROUNDS }) => {
  await using ours = await hookServer("ours");
  await using plain = await hookServer("hmac");
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const body = randomBytes(BYTES);
  const cost = async ({ port, used }: HookServer) => {
    const before = await used();
    for (let sent = 0; sent < DELIVERIES; sent += 4) {
      const statuses = await Promise.all(Array.from({ length: 4 }, () => sendForged(port, body, agent)));
      if (statuses.some((status) => status !== 401)) throw new Error(`one was answered with ${statuses.join(", ")}`);
    }
    const after = await used();
    if (after.parsed > before.parsed) throw new Error("a forged delivery reached JSON.parse");
    return (after.cpu - before.cpu) / DELIVERIES;
  };
  await Promise.all([cost(ours), cost(plain)]);
  const measured: { ours: number; theirs: number }[] = [];
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    measured.push({ ours: await cost(ours), theirs: await cost(plain) });
  }
  agent.destroy();
  return [
    {
      name: `CPU of a forged delivery of ${BYTES / 1000} kB that is refused (median of ${rounds})`,
      ours: median(measured.map((each) => each.ours)),
      beside: "a server that computes its HMAC, and refuses",
      theirs: median(measured.map((each) => each.theirs)),
      unit: "µs",
      limit: { ratio: 1.2 },
    },
  ];
};
