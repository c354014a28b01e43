import type { ForgeKind } from "../../../../model/github/settings.ts";

/** Where a forge of GitHub's kind answers, by where people find it; the same mapping as Pulumi's GitHub provider has. */
export function apiUrl(baseUrl: string): string {
  const { protocol, hostname, host, pathname } = new URL(baseUrl);
  if (hostname === "github.com" || hostname === "www.github.com") return "https://api.github.com";
  if (hostname.endsWith(".ghe.com")) return `https://api.${host.replace(/^api\./, "")}`;
  const path = pathname.replace(/\/+$/, "").replace(/\/api\/v3$/, "");
  return `${protocol}//${host}${path}/api/v3`;
}

/** What people call a kind of forge, as lines of an app's log begin. */
export function forgeLabel(forge: ForgeKind = "github"): string {
  return forge === "gitea" ? "Gitea" : "GitHub";
}

/** What people call it in a sentence. */
export function forgeName(baseUrl: string): string {
  const { host } = new URL(baseUrl);
  return host === "github.com" ? "GitHub" : host;
}
