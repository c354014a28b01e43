/** A client's end of an attached one-off dyno, whatever carries it there. */
export interface Terminal {
  /** What the client types; it ends when the client has no more to send. */
  readonly input: AsyncIterable<Buffer>;
  /** Aborted when the client is gone. */
  readonly gone: AbortSignal;
  /** Resolves when the client can take more, or is gone. */
  write(data: Buffer): Promise<void>;
  /** Parts with the client, after all output of the command. @param status how it ended */
  end(command: string, status: number): Promise<void>;
}
