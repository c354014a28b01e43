interface Kept {
  readonly etag: string;
  readonly data: unknown;
}

/** Answers that are kept. */
const KEPT = 50;

/** What a forge answered last, so that it need not be sent again while nothing has changed. */
export class Etags {
  readonly #kept = new Map<string, Kept>();

  /**
   * @param key of the question
   * @param ask with these headers; fails with the status 304 when the answer is still the one that is kept
   */
  async ask<T>(
    key: string,
    ask: (headers: Record<string, string>) => Promise<{ data: T; headers: { etag?: string } }>,
  ): Promise<T> {
    const kept = this.#kept.get(key);
    try {
      const { data, headers } = await ask(kept === undefined ? {} : { "if-none-match": kept.etag });
      this.#keep(key, headers.etag, data);
      return data;
    } catch (error) {
      if (kept === undefined || (error as { readonly status?: unknown }).status !== 304) throw error;
      this.#keep(key, kept.etag, kept.data);
      return kept.data as T;
    }
  }

  #keep(key: string, etag: string | undefined, data: unknown): void {
    this.#kept.delete(key);
    // One that broke off is text.
    if (etag === undefined || typeof data !== "object") return;
    this.#kept.set(key, { etag, data });
    const [oldest = ""] = this.#kept.keys();
    if (this.#kept.size > KEPT) this.#kept.delete(oldest);
  }
}
