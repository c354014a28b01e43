import type Docker from "dockerode";
import type { BuildOutput } from "./install.ts";

/** What a step of a build works with. */
export interface BuildContext extends BuildOutput {
  readonly docker: Docker;
  readonly platform: string;
  readonly app: string;
  /** A folder of the host with what the init must know of its network. */
  readonly host: string;
  readonly signal: AbortSignal;
  /** The app's config vars and what its add-ons set. */
  readonly config: Readonly<Record<string, string>>;
  /** Stands for the config vars that pip sees, of which it tells nothing. */
  readonly pip: string;
  /** The source's commit. */
  readonly commit: string;
}
