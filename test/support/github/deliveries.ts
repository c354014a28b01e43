import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import type { PayloadSchemas } from "./payload-schemas.ts";
import { type Place, repositoryShape, userShape } from "./shapes.ts";
import { type Delivery, type Hook, now, type Repository, type State } from "./state.ts";

/** Milliseconds that GitHub waits for a hook's answer. */
const PATIENCE = 10_000;

export interface Deliveries {
  /** Every attempt, oldest first. */
  readonly all: readonly Delivery[];
  /** `send`: as events happen; `hold`: until `release` is called; `lose`: never. */
  mode: "send" | "hold" | "lose";
  /** Sends an event to the hooks that want it, or to one. */
  emit(repository: Repository, event: string, payload: object, to?: Hook): void;
  redeliver(delivery: Delivery): void;
  /**
   * Sends what was held, one after the other.
   *
   * @param arrange gives what is sent in which order: shuffled, some twice, some not at all. @default as it happened
   */
  release(arrange?: (held: readonly Delivery[]) => readonly Delivery[]): Promise<void>;
  /** Waits until all that was sent has been answered. */
  settled(): Promise<void>;
}

export function deliveriesOf(state: State, place: Place, schemas: PayloadSchemas): Deliveries {
  const all: Delivery[] = [];
  let held: Delivery[] = [];
  const running = new Set<Promise<void>>();

  function begin(delivery: Delivery): void {
    const sent = send(delivery).finally(() => running.delete(sent));
    running.add(sent);
  }

  const deliveries: Deliveries = {
    all,
    mode: "send",
    emit(repository, event, given, to) {
      const payload = {
        ...given,
        repository: payloadRepository(repository, place, event),
        sender: userShape(repository.owner, place),
      };
      schemas.check(event, payload);
      const wanting = to === undefined ? [...repository.hooks.values()].filter((hook) => wants(hook, event)) : [to];
      for (const hook of wanting) {
        const action = "action" in payload ? String(payload.action) : null;
        const delivery: Delivery = {
          id: state.next(),
          guid: randomUUID(),
          hook,
          repository,
          event,
          action,
          payload,
          redelivery: false,
          at: now(),
          status: 0,
          answer: "",
        };
        hook.deliveries.push(delivery);
        all.push(delivery);
        if (deliveries.mode === "send") begin(delivery);
        if (deliveries.mode === "hold") held.push(delivery);
      }
    },
    redeliver(delivery) {
      const again: Delivery = { ...delivery, id: state.next(), redelivery: true, at: now(), status: 0, answer: "" };
      delivery.hook.deliveries.push(again);
      all.push(again);
      begin(again);
    },
    async release(arrange = (list) => list) {
      const list = held;
      held = [];
      for (const delivery of arrange(list)) await send(delivery);
    },
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
  return deliveries;
}

function wants(hook: Hook, event: string): boolean {
  return hook.active && (hook.events.includes(event) || hook.events.includes("*"));
}

/** A repository in payloads; in those of pushes its times are seconds. */
export function payloadRepository(repository: Repository, place: Place, event: string) {
  const { created_at, pushed_at, ...shape } = repositoryShape(repository, place);
  const seconds = (time: string) => Math.floor(Date.parse(time) / 1000);
  return {
    ...shape,
    created_at: event === "push" ? seconds(created_at) : created_at,
    pushed_at: event === "push" ? seconds(pushed_at) : pushed_at,
    homepage: null,
    custom_properties: {},
  };
}

/** The body and the headers of a delivery, signed as GitHub signs them. */
function signed({ event, guid, hook, repository, payload }: Delivery) {
  const json = JSON.stringify(payload);
  const form = hook.config.content_type !== "json";
  const body = form ? new URLSearchParams({ payload: json }).toString() : json;
  const hmac = (algorithm: string) =>
    createHmac(algorithm, hook.config.secret ?? "")
      .update(body)
      .digest("hex");
  const headers: Record<string, string> = {
    "content-type": form ? "application/x-www-form-urlencoded" : "application/json",
    accept: "*/*",
    "user-agent": "GitHub-Hookshot/0f1e2d3",
    "x-github-event": event,
    "x-github-delivery": guid,
    "x-github-hook-id": String(hook.id),
    "x-github-hook-installation-target-type": "repository",
    "x-github-hook-installation-target-id": String(repository.id),
    ...(hook.config.secret !== undefined && {
      "x-hub-signature": `sha1=${hmac("sha1")}`,
      "x-hub-signature-256": `sha256=${hmac("sha256")}`,
    }),
  };
  return { body, headers };
}

async function send(delivery: Delivery): Promise<void> {
  const { body, headers } = signed(delivery);
  try {
    const { status, answer } = await post(new URL(delivery.hook.config.url), headers, body);
    delivery.answer = answer.slice(0, 10_000);
    delivery.status = status;
  } catch {
    delivery.status = 0;
  }
}

/** Names below `localhost` are this machine, whatever its resolver knows of them. */
async function post(url: URL, headers: Readonly<Record<string, string>>, body: string) {
  const { protocol, hostname, host, port, pathname, search } = url;
  const ask = protocol === "https:" ? httpsRequest : request;
  const signal = AbortSignal.timeout(PATIENCE);
  const place = { host: hostname.endsWith(".localhost") ? "127.0.0.1" : hostname, port, path: `${pathname}${search}` };
  const sent = ask({ ...place, method: "POST", headers: { ...headers, host }, signal });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, answer: await text(response) };
}
