export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A client's end of an attached one-off dyno, whatever carries it there. */
export interface Terminal {
  /** What the client types; it ends when the client has no more to send. */
  readonly input: AsyncIterable<Buffer>;
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal;
  /** @param resize told each new size of the client's window */
  onResize(resize: (size: TerminalSize) => void): void;
  /** Resolves when the client can take more, or is gone; with a terminal, errors are output too. */
  write(data: Buffer, error: boolean): Promise<void>;
  /** Tells how the command ended, after all of its output, and parts with the client. */
  exit(status: number): Promise<void>;
}
