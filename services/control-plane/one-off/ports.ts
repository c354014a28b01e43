import type { DynoState } from "../dynos/ports.ts";

export interface OneOffRequest {
  readonly app: string;
  readonly command: string;
  /** @default that of the app's own dynos */
  readonly size?: string;
  /** Over the app's config vars. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether a client's terminal will be connected; otherwise it starts at once and writes to the app's log. */
  readonly attach: boolean;
  /** Whether the command gets a terminal. */
  readonly tty: boolean;
  /** Gives the id that the dyno is told. @default it is told none */
  readonly id?: (dyno: string) => string;
}

export interface OneOff extends DynoState {
  readonly command: string;
  /** What opens the way to an attached one, once. */
  readonly secret?: string;
}

export interface OneOffs {
  create(request: OneOffRequest): Promise<OneOff>;
  list(app: string): readonly OneOff[];
  /** @returns whether there is one of this name */
  stop(app: string, dyno: string): boolean;
}
