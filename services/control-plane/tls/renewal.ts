import { messageOf } from "../../errors.ts";
import { ensureCertificate, type ServerCertificate } from "./certificates.ts";

const LOOK = 12 * 3_600_000;

/** Looks twice a day whether the certificate is about to end, and makes another in time. */
export function keepCertificate(
  folder: string,
  present: ServerCertificate,
  renewed: (certificate: ServerCertificate) => void,
  report: (problem: string) => void,
): Disposable {
  let current = present;
  const timer = setInterval(() => {
    ensureCertificate(folder).then(
      (certificate) => {
        if (certificate.cert === current.cert) return;
        current = certificate;
        renewed(certificate);
      },
      (error: unknown) => report(`the certificate could not be renewed: ${messageOf(error)}`),
    );
  }, LOOK).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
