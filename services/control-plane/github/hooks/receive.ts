import type { IncomingMessage, ServerResponse } from "node:http";
import { messageOf } from "../../../../lib/errors.ts";
import type { Aside } from "../../types.ts";
import type { Deliveries } from "./deliveries.ts";
import { checkSignature, LARGEST_DELIVERY, signatureOf } from "./signature.ts";

/** Milliseconds that a delivery may take to arrive. */
const ARRIVAL_TIMEOUT_MS = 30_000;

/** Deliveries that are read at a time. */
const AT_ONCE = 32;

/** A webhook's address ends in the generation of its secret: one hash, and not one for each secret that may be meant. */
const PLACE = /^\/hooks\/github\/([a-z0-9][a-z0-9.-]{0,127})(?:\?generation=(\d{1,7}))?$/;

/** GitHub's are GUIDs. */
const ID = /^[\w-]{1,100}$/;

/** What a webhook of a link is known by. */
export interface HookSecrets {
  /** Which webhook it is; another one has another. */
  readonly hook: string;
  /**
   * The one of a generation; undefined: there is none, or none that is good any more.
   *
   * @param generation as the webhook's address says it; one that was made by an older release of ours says none. @default that of now
   */
  secretOf(generation?: number): string | undefined;
}

interface ReceiveOptions {
  readonly deliveries: Pick<Deliveries, "has" | "note">;
  /** `absent`: there is no such link. `unknown`: its secret has not been read yet. */
  secrets(stack: string): HookSecrets | "absent" | "unknown";
  /** Has a repository looked at. False: not now. */
  mark(stack: string): boolean;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
  /** Bytes of a delivery. @default LARGEST_DELIVERY */
  readonly largest?: number;
}

/**
 * Takes the deliveries of GitHub's webhooks: `POST /hooks/github/<stack>`. One does nothing but have the repository looked
 * at, so neither order nor doubles nor what stands in it can matter, and its body is never parsed.
 */
export function receiveDeliveries(options: ReceiveOptions): Aside {
  let reading = 0;
  return (request, response) => {
    if (!request.url?.startsWith("/hooks/github/")) return false;
    if (reading >= AT_ONCE) {
      answer(request, response, 503, "Too many deliveries at once.");
      return true;
    }
    reading++;
    receive(request, response, options)
      .catch((error: unknown) => {
        options.report(`a delivery of a webhook: ${messageOf(error)}`);
        if (!response.headersSent) answer(request, response, 503, "It could not be taken. Deliver it again.");
      })
      .finally(() => reading--);
    return true;
  };
}

async function receive(request: IncomingMessage, response: ServerResponse, options: ReceiveOptions): Promise<void> {
  const { deliveries, largest = LARGEST_DELIVERY } = options;
  const refuse = (status: number, text: string) => answer(request, response, status, text);
  const [, stack, generation] = PLACE.exec(request.url ?? "") ?? [];
  if (stack === undefined) return refuse(404, "There is no such webhook.");
  if (request.method !== "POST") return refuse(405, "Webhooks are delivered by POST.");
  const known = options.secrets(stack);
  if (known === "absent") return refuse(404, "There is no such webhook.");
  if (known === "unknown") return refuse(503, "This webhook is not ready yet. Deliver it again.");
  // A Gitea sends both, and a Forgejo.
  const signature = signatureOf(request.headers["x-hub-signature-256"] ?? request.headers["x-gitea-signature"]);
  if (signature === undefined) return refuse(401, "Deliveries are signed: X-Hub-Signature-256.");
  const { "x-gitea-delivery": giteas, "x-github-delivery": id = giteas, "content-length": length } = request.headers;
  if (typeof id !== "string" || !ID.test(id)) return refuse(400, "Deliveries have an id: X-GitHub-Delivery.");
  if (Number(length ?? 0) > largest) return refuse(413, "It is too large.");
  const secret = known.secretOf(generation === undefined ? undefined : Number(generation));
  if (secret === undefined) return refuse(401, "The signature is not this webhook's.");
  const late = setTimeout(() => request.destroy(), ARRIVAL_TIMEOUT_MS);
  const checked = await checkSignature(request, signature, secret, largest).finally(() => clearTimeout(late));
  if (checked === "cut") return refuse(413, "It is too large, or broke off.");
  if (checked === "forged") return refuse(401, "The signature is not this webhook's.");
  if (deliveries.has(stack, id)) return refuse(200, "It was taken already.");
  // In this order: one that is noted will not be taken again.
  if (!options.mark(stack)) return refuse(503, "It cannot be taken now. Deliver it again.");
  deliveries.note(stack, id, known.hook);
  refuse(202, "It is taken.");
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  if (response.destroyed) return;
  // What is left of the body would be taken for the next request.
  const last = request.complete ? {} : { Connection: "close" };
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store", ...last });
  response.end(`${text}\n`);
  if (!request.complete) request.resume();
}
