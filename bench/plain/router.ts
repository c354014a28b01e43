import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../test/support/free-port.ts";
import type { TestPlatform } from "../../test/support/platform.ts";
import { until } from "../../test/support/until.ts";
import { ask } from "./service.ts";

/**
 * What one would write by hand in front of a service whose containers come and go: Docker's DNS asked every second, and
 * another container tried when one cannot be reached.
 */
const configuration = (service: string) => `
daemon off;
pid /tmp/nginx.pid;
worker_processes 2;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  resolver 127.0.0.11 valid=1s ipv6=off;
  server {
    listen 5000 backlog=4096;
    location / {
      set $service ${service};
      proxy_pass http://$service:5000;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_connect_timeout 500ms;
      proxy_next_upstream error timeout;
      proxy_set_header Host $http_host;
      proxy_set_header Connection close;
    }
  }
}
`;

interface PlainRouter extends AsyncDisposable {
  /** Published on 127.0.0.1, as our router is. */
  readonly port: number;
}

/** An nginx of the router's image in front of a plain service. (Swarm's own mesh needs ipvs, which many hosts lack.) */
export async function plainRouter(platform: TestPlatform, service: string): Promise<PlainRouter> {
  const { docker, name } = platform;
  const folder = await mkdtemp(join(tmpdir(), "plain-router-"));
  const file = join(folder, "nginx.conf");
  await writeFile(file, configuration(service));
  const port = await freePort();
  const { Image, HostConfig } = await docker.getContainer(`${name}-router`).inspect();
  const container = await docker.createContainer({
    name: `${name}-plain-router`,
    Image,
    Entrypoint: ["nginx", "-e", "stderr", "-c", "/bench.conf"],
    Labels: { "dynoform.platform": name },
    ExposedPorts: { "5000/tcp": {} },
    HostConfig: {
      NetworkMode: name,
      Binds: [`${file}:/bench.conf:ro`],
      Tmpfs: { "/tmp": "" },
      Sysctls: HostConfig.Sysctls,
      PortBindings: { "5000/tcp": [{ HostIp: "127.0.0.1", HostPort: String(port) }] },
    },
  });
  await container.start();
  await until("the plain service answers", async () => (await ask("127.0.0.1", "/whoami", port)).status === 200);
  return {
    port,
    async [Symbol.asyncDispose]() {
      await container.remove({ force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}
