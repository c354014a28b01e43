import { X509Certificate } from "node:crypto";
import type { Desk } from "../desk.ts";
import { notFound } from "../errors.ts";
import type { Route } from "../routes.ts";

/** Certificates in PEM, which are nobody's secret. */
export interface Authorities {
  /** Of who vouches for the API's port on 127.0.0.1, and for the hosts that the official command line asks besides. */
  readonly machine: string;
  readonly commandLine: string;
}

/** What `dynoform connect` has to know of the platform that it leads to. */
export function connectRoutes(desk: Desk, authorities: (() => Promise<Authorities>) | undefined): Route[] {
  return [
    [
      "GET",
      "/connect",
      async ({ caller }) => {
        if (authorities === undefined) throw notFound("connection", "a way here from anywhere");
        const { machine, commandLine } = await authorities();
        const until = Math.min(...[machine, commandLine].map((pem) => new X509Certificate(pem).validToDate.getTime()));
        return {
          body: {
            platform: desk.platform,
            email: caller.email,
            certificate: machine,
            command_line_certificate: commandLine,
            expires_at: new Date(until).toISOString(),
          },
        };
      },
    ],
  ];
}
