import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Where the client that asks reaches this server. It may do so through a forwarded port, so its own word counts, but
 * only for an address of this machine: what follows is a secret.
 */
export function originOf(request: IncomingMessage): string {
  const host = request.headers.host ?? "";
  if (/^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/.test(host)) return `http://${host}`;
  return `http://127.0.0.1:${(request.socket.address() as AddressInfo).port}`;
}

/** Where Git is served to whoever reaches the API, or a page, at `origin`: on the same port, or at a name of its own. */
export function gitOrigin(origin: string): string {
  const url = new URL(origin);
  if (url.protocol === "https:") return origin.replace(/^https:\/\/[^.]+\./, "https://git.");
  return `https://${url.host}`;
}
