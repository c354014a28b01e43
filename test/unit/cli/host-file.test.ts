import assert from "node:assert/strict";
import { test } from "node:test";
import { hostFile, renderHostFile, resolversOf } from "../../../cli/setup/host-file.ts";

test("a host file defines sets in a fixed order", () => {
  assert.equal(
    renderHostFile(["172.17.0.1", "10.0.0.5", "10.0.0.5"], ["1.1.1.1"]),
    "define host_addresses = { 10.0.0.5, 172.17.0.1 }\ndefine resolvers = { 1.1.1.1 }\n",
  );
});

test("resolvers that only the host can reach are left out", () => {
  const text =
    "# a comment\nnameserver 127.0.0.53\nnameserver fe80::1\n nameserver 10.0.0.2\nnameserver 1.1.1.1\noptions edns0\n";
  assert.deepEqual(resolversOf(text), ["10.0.0.2", "1.1.1.1"]);
});

test("this host has an address and a resolver", async () => {
  assert.match(
    await hostFile(),
    /^define host_addresses = \{ .*127\.0\.0\.1.* \}\ndefine resolvers = \{ [\d., ]+ \}\n$/,
  );
});
