/** Ctrl-C: the first one ends the deployment in good order, the second one at once. */
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

export class Interruption {
  readonly #cancel = new AbortController();
  readonly #terminate = new AbortController();
  readonly #tell: (line: string) => void;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
    for (const signal of SIGNALS) process.on(signal, this.#interrupted);
  }

  get cancel(): AbortSignal {
    return this.#cancel.signal;
  }

  get terminate(): AbortSignal {
    return this.#terminate.signal;
  }

  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#interrupted);
  }

  readonly #interrupted = (): void => {
    if (this.#cancel.signal.aborted) {
      this.#terminate.abort();
      return;
    }
    this.#tell(
      "^C received; cancelling. If you would like to terminate immediately, press ^C again.\n" +
        "Note that terminating immediately may lead to orphaned resources and other inconsistencies.\n",
    );
    this.#cancel.abort();
  };
}
