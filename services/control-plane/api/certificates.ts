import { type DeclaredCertificate, declaredCertificates } from "../../../model/app/certificates.ts";
import type { AppFile, DeclaredApp } from "../apps/ports.ts";
import { AUTOMATIC, automaticCertificates, automaticId, isAutomatic } from "./automatic.ts";
import type { Desk } from "./desk.ts";
import { invalid, notFound } from "./errors.ts";

/** @param which a name or an id of an uploaded one */
export function findCertificate(desk: Desk, app: DeclaredApp, which: unknown): DeclaredCertificate {
  if (isAutomatic(desk, app, which)) {
    throw invalid("sni_endpoint", `${AUTOMATIC} renews itself; heroku certs:auto:disable ends that.`);
  }
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
  if (found !== undefined) return { id: certificateId(desk, app, found.name), name: found.name };
  const automatic = automaticCertificates(desk, app).some(({ host }) => host === hostname);
  return automatic ? { id: automaticId(desk, app), name: AUTOMATIC } : null;
}

export function certificateId(desk: Desk, app: DeclaredApp, name: string): string {
  return desk.id("certificate", app.id, name);
}
