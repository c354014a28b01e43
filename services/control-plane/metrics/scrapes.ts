import { collect, type Sources } from "./collect.ts";

/** Milliseconds for which an answer serves, so that several who scrape cost no more than one. */
const FRESH_MS = 2_000;

/** Answers scrapes. Prometheus' client is loaded by the first one: a platform that nobody watches has no memory for it. */
export function scrapes(sources: Sources): () => Promise<Exposition> {
  let known: { readonly at: number; readonly answer: Promise<Exposition> } | undefined;
  const answer = async (): Promise<Exposition> => {
    const { CONTENT_TYPE, metricsText } = await import("./text.ts");
    return { type: CONTENT_TYPE, text: await metricsText(await collect(sources)) };
  };
  return () => {
    const now = performance.now();
    if (known === undefined || now - known.at >= FRESH_MS) known = { at: now, answer: answer() };
    return known.answer;
  };
}

/** What Prometheus reads. */
export interface Exposition {
  /** Of its content. */
  readonly type: string;
  readonly text: string;
}
