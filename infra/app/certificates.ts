import * as pulumi from "@pulumi/pulumi";
import type { Problems } from "../../lib/validation/problems.ts";
import { join } from "../../lib/validation/readers.ts";
import { chainProblem, covers, readChain, timeProblem } from "../../model/app/certificate-chain.ts";
import { declaredCertificates } from "../../model/app/certificates.ts";
import type { AppSettings } from "../../model/app/settings.ts";
import { Certificate, type CertificateArgs } from "../../provider/sdk/index.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { type Transform, transformed } from "../transform.ts";

/** The keys of an app's certificates by the certificates' names, PEM. */
export type CertificateKeys = Readonly<Record<string, pulumi.Input<string>>>;

type Declared = Pick<AppSettings, "certificates" | "hosts">;

/**
 * Adds what is wrong with certificates that could be read. One that has ended is none of it: an app is deployed all the
 * same.
 *
 * @param path of the certificates, e.g. `dynoform:app.certificates`
 * @param keysPath of their keys, e.g. `dynoform:certificates`
 */
export function checkCertificates(
  declared: Declared,
  keys: CertificateKeys,
  path: string,
  keysPath: string,
  problems: Problems,
): void {
  const taken = new Map<string, string>();
  for (const { name, chain, names, hosts } of declaredCertificates(declared)) {
    const at = join(path, name);
    const key = keys[name];
    if (key === undefined) problems.add(at, `has no key; set ${join(keysPath, name)} to it, in PEM, as a secret`);
    const problem = typeof key === "string" ? chainProblem(chain, key) : undefined;
    if (problem !== undefined) problems.add(at, problem);
    for (const host of hosts) {
      if (declared.hosts?.includes(host) !== true) {
        problems.add(at, `is for ${host}, which is none of the app's hosts; add it to them, or remove it here`);
      } else if (!covers(names, host)) {
        problems.add(at, `is for ${names.join(", ")}, and so cannot serve ${host}`);
      }
      const other = taken.get(host);
      if (other !== undefined)
        problems.add(at, `serves ${host}, as ${other} does; name it in the hosts of one of them`);
      taken.set(host, name);
    }
  }
  for (const name of Object.keys(keys)) {
    if (declared.certificates?.[name] === undefined) {
      problems.add(join(keysPath, name), `is the key of no certificate; declare ${join(path, name)}, or remove it`);
    }
  }
}

/** Gives the router an app's certificates. One that serves no host stays declared, and the router does without it. */
export function createCertificates(
  name: string,
  args: Declared & {
    readonly platform: PlatformConnection;
    /** What stays when the app is renamed. */
    readonly id: string;
    readonly keys: CertificateKeys;
    readonly transform: Transform<CertificateArgs> | undefined;
  },
  opts: pulumi.CustomResourceOptions,
): Certificate[] {
  const { platform, id, keys, transform } = args;
  const certificates: Certificate[] = [];
  for (const { name: called, chain, hosts } of declaredCertificates(args)) {
    const [own] = readChain(chain) ?? [];
    const ended = own && timeProblem(own, Date.now());
    if (ended !== undefined) void pulumi.log.warn(`the certificate ${called} of ${name} ${ended}`);
    if (hosts.length === 0) continue;
    const inputs: CertificateArgs = {
      platform: platform.name,
      socket: platform.socket,
      name: `app.${id}.${called}`,
      hosts: [...hosts],
      chain,
      key: keys[called] ?? "",
    };
    const as = `${name}-certificate-${called}`;
    certificates.push(new Certificate(as, ...transformed(transform, as, inputs, opts)));
  }
  return certificates;
}
