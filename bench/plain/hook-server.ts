/**
 * A process that takes webhooks, for measuring what that costs: `ours`, or one that only hashes what comes.
 *
 * Usage: node bench/plain/hook-server.ts ours|hmac
 */
import { createHmac } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { Deliveries } from "../../services/control-plane/github/hooks/deliveries.ts";
import { receiveDeliveries } from "../../services/control-plane/github/hooks/receive.ts";
import { openStore } from "../../services/control-plane/store.ts";

const SECRET = "secret";

function ours(): RequestListener {
  const receive = receiveDeliveries({
    deliveries: new Deliveries(openStore(":memory:"), Date.now),
    secrets: () => ({ hook: "1", secretOf: () => SECRET }),
    mark: () => true,
    report: (problem) => process.stderr.write(`${problem}\n`),
  });
  return (request, response) => void receive(request, response);
}

const hmac: RequestListener = async (request, response) => {
  const hash = createHmac("sha256", SECRET);
  for await (const chunk of request) hash.update(chunk);
  hash.digest("hex");
  response.writeHead(401).end();
};

let parsed = 0;
const server = createServer(process.argv[2] === "ours" ? ours() : hmac);
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system, parsed });
});
server.listen(0, "127.0.0.1", () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
  const { parse } = JSON;
  JSON.parse = (...args) => {
    parsed++;
    return parse(...args);
  };
});
