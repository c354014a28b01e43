import { type DeclaredCertificate, declaredCertificates } from "../../../model/app/certificates.ts";
import type { AppFile, DeclaredApp } from "../apps/ports.ts";
import type { Desk } from "./desk.ts";
import { notFound } from "./errors.ts";

/** @param which a name or an id */
export function findCertificate(desk: Desk, app: DeclaredApp, which: unknown): DeclaredCertificate {
  const found = app.certificates.find(({ name }) => name === which || certificateId(desk, app, name) === which);
  if (found === undefined) throw notFound("sni_endpoint");
  return found;
}

/** Has a host served with one certificate of the app's, or with none. */
export function serveWith(file: AppFile, hostname: string, certificate: string | undefined): void {
  for (const { name, hosts } of declaredCertificates(file.settings)) {
    const left = hosts.filter((host) => host !== hostname);
    if (name === certificate) file.set(["certificates", name, "hosts"], [...left, hostname]);
    else if (left.length < hosts.length) file.set(["certificates", name, "hosts"], left);
  }
}

/** The certificate that a host is served with, as domains have it. */
export function endpointOf(desk: Desk, app: DeclaredApp, hostname: string): { id: string; name: string } | null {
  const found = app.certificates.find(({ hosts }) => hosts.includes(hostname));
  return found === undefined ? null : { id: certificateId(desk, app, found.name), name: found.name };
}

export function certificateId(desk: Desk, app: DeclaredApp, name: string): string {
  return desk.id("certificate", app.id, name);
}
