import { isDeepStrictEqual } from "node:util";
import { messageOf } from "../../../lib/errors.ts";
import { type Certificates, ensureCertificates } from "./certificates.ts";

const LOOK_EVERY_MS = 12 * 3_600_000;

/** Looks twice a day whether a certificate is about to end, and makes another in time. */
export function keepCertificates(
  folder: string,
  present: Certificates,
  renewed: (certificates: Certificates) => void,
  report: (problem: string) => void,
): Disposable {
  let current = present;
  const timer = setInterval(() => {
    ensureCertificates(folder).then(
      (certificates) => {
        if (isDeepStrictEqual(certificates, current)) return;
        current = certificates;
        renewed(certificates);
      },
      (error: unknown) => report(`a certificate could not be renewed: ${messageOf(error)}`),
    );
  }, LOOK_EVERY_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
