/** An app to which is pushed. */
export interface PushTarget {
  readonly name: string;
  /** The app's id. */
  readonly id: string;
  /** Of its bare repository. */
  readonly repository: string;
}

/** A commit that did not come to serve; the message has been shown, and the cause is why. */
export class DeployFailed extends Error {}

/**
 * Makes an app run a commit of its repository; returns the number of the release that it made, if any, when it serves.
 *
 * @throws DeployFailed
 */
export type DeployCommit = (app: PushTarget, commit: string, user: string, say: Say) => Promise<number | undefined>;

/** Shows a line to whoever pushes. */
export type Say = (line: string) => void;
