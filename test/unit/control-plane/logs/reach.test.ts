import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { HttpTransport } from "../../../../services/control-plane/logs/drains/https.ts";
import { publicReach } from "../../../../services/control-plane/logs/drains/reach.ts";
import { SyslogTransport } from "../../../../services/control-plane/logs/drains/syslog-connection.ts";

test("a drain is on the internet, or where dynos may go, and nowhere that trusts who comes", () => {
  const reach = publicReach(["10.1.0.0/16"]);
  for (const address of ["1.1.1.1", "10.1.2.3", "172.32.0.1", "2606:4700::1111"]) assert.ok(reach(address), address);
  const closed = ["127.0.0.1", "10.0.0.1", "172.17.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"];
  const closed6 = ["::1", "::", "fd00::1", "fe80::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1"];
  for (const address of [...closed, ...closed6, "224.0.0.1", "255.255.255.255", "localhost", ""]) {
    assert.ok(!reach(address), address);
  }
});

test("by its address or by its name, nothing closed is connected to", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const reach = publicReach();
    for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"]) {
      for (const protocol of ["http", "https", "syslog", "syslog+tls"]) {
        const url = new URL(`${protocol}://${host}:${port}`);
        const transport = protocol.startsWith("http")
          ? new HttpTransport(url, "d.1", { reach })
          : new SyslogTransport(url, { reach });
        const delivery = transport.prepare([Buffer.from("line")]);
        await assert.rejects(delivery(new AbortController().signal), /closed to dynos/, url.href);
        transport.close();
      }
    }
    assert.equal(connections, 0);
  } finally {
    server.close();
  }
});
