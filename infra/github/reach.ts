import { isIPv4 } from "node:net";

/** Names that only this machine, or a test, knows. */
const OWN_NAMES = /(^|\.)(localhost|test|local|internal|example|invalid)$/;

/** Whether others, GitHub among them, can reach what is served under a domain. */
export function isReachable(domain: string): boolean {
  return isIPv4(domain) ? !isPrivate(domain) : domain.includes(".") && !OWN_NAMES.test(domain);
}

function isPrivate(address: string): boolean {
  const [a = 0, b = 0] = address.split(".").map(Number);
  if (a === 0 || a === 10 || a === 127) return true;
  return (
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b < 128)
  );
}
