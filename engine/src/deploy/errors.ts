/** Something that the user was already told about, next to the resource it happened to. */
export class Reported extends Error {}

/** The deployment is ending: nothing new is begun. Programs are answered UNAVAILABLE and leave quietly. */
export class Stopped extends Error {
  constructor() {
    super("the deployment is shutting down");
  }
}

/** The one line of an error that a user is shown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
