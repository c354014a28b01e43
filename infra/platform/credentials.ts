import type * as pulumi from "@pulumi/pulumi";

/** What lego's DNS provider is told, by the names of its variables: `CLOUDFLARE_DNS_API_TOKEN`. */
export type DnsCredentials = Readonly<Record<string, pulumi.Input<string>>>;
