/** A dyno of an app's formation. */
export interface DynoState {
  /** `web.1`. */
  readonly dyno: string;
  readonly type: string;
  readonly size: string;
  /** Heroku's words: `starting`, `up`, `crashed`, `idle`, `down`, `stopping`. */
  readonly state: string;
  /** More of that: `napping` of one that is idle and frozen, not stopped. */
  readonly detail?: string;
  /** When it came into that state, in milliseconds since 1970. */
  readonly since: number;
  /** What it runs, where that is known. */
  readonly command?: string | undefined;
}

/** All dynos of an app, those of a type, or one. */
export interface DynoTarget {
  readonly type?: string;
  readonly dyno?: string;
}

export interface Dynos {
  /** What the formation runs; one-off dynos may be among them. */
  list(app: string): Promise<readonly DynoState[]>;
  restart(app: string, target: DynoTarget): Promise<unknown>;
}
