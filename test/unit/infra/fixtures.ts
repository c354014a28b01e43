import type { PlatformConnection } from "../../../infra/platform/connection.ts";

export const KEY = "0123456789abcdef0123456789abcdef";

/** A platform that stands elsewhere. */
export const platform: PlatformConnection = {
  name: "test",
  domain: "localhost",
  directory: "/var/lib/dynoform/test",
  subnet: "10.77.0.0/16",
  routerAddress: "10.77.0.10",
  postgresAddress: "10.77.0.11",
  socket: "/var/lib/dynoform/test/router/admin.sock",
  webPort: 8080,
  postgresHost: "127.0.0.1",
  postgresPort: 15_432,
  postgresName: "test-postgres",
  egress: ["10.1.2.0/24"],
  keep: 5,
  pythons: "debian",
  redirect: false,
  hsts: 0,
  networkId: "network-1",
  provisionerPassword: "provisioner-pass",
};
