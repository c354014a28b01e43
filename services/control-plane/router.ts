import { RouterClient } from "../router-client/client.ts";
import type { CertificatePort } from "./certificates/local.ts";
import type { RouterPort } from "./dynos/router-port.ts";

/**
 * The router as the dynos' part of the control plane asks it.
 *
 * @param socket of its admin API
 * @param signal ends what is under way
 */
export function routerPort(socket: string, signal: AbortSignal): RouterPort {
  const client = new RouterClient(socket);
  return {
    list: () => client.list(signal),
    activity: () => client.activity(signal),
    mode: (app, mode, options) => client.mode(app, mode, signal, options),
    takeOut: (app, service) => client.takeOut(app, service, signal),
    putIn: (app, service) => client.putIn(app, service, signal),
    beside: (app, service, step) => client.beside(app, service, step, signal),
    bound: (service) => client.bound(service, signal),
    crashed: (app, crashed) => client.crashed(app, crashed, signal),
  };
}

/**
 * The router as the certificates' part of the control plane asks it.
 *
 * @param socket of its admin API
 * @param signal ends what is under way
 */
export function certificatePort(socket: string, signal: AbortSignal): CertificatePort {
  const client = new RouterClient(socket);
  return {
    revision: (after) => client.revision(signal, after),
    apps: () => client.list(signal),
    list: () => client.certificates(signal),
    put: (name, certificate) => client.putCertificate(name, certificate, signal),
    remove: (name) => client.removeCertificate(name, signal),
  };
}
