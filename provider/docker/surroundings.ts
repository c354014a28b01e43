/** What of a dyno's size its surroundings follow from. */
export interface Room {
  /** Bytes. */
  readonly memory: number;
  /** Processes that a web server starts. */
  readonly concurrency: number;
}

/** The image of Heroku's whose commands ours has; apps and hooks that ask which it is know no other. */
export const STACK = "heroku-24";

/** Folders that the images of languages have, before any other in PATH. */
export const LANGUAGE_PATH = "/opt/venv/bin";

/**
 * The environment variables that a dyno has where no config var has their names, as Heroku's image and its Python
 * buildpack set them: values follow from what is declared, never from what a
 * machine has, so a preview knows them.
 */
export function surroundings({ memory, concurrency }: Room): Record<string, string> {
  return {
    HOME: "/app",
    STACK,
    LANG: "en_US.UTF-8",
    // What is printed stands in the log at once, though no terminal is there.
    PYTHONUNBUFFERED: "true",
    PYTHONHASHSEED: "random",
    // Scripts below the app's root import what lies in it.
    PYTHONPATH: "/app",
    DYNO_RAM: String(memory / 2 ** 20),
    WEB_CONCURRENCY: String(concurrency),
    // Nobody but the router reaches a dyno, so what it says of clients holds.
    FORWARDED_ALLOW_IPS: "*",
    GUNICORN_CMD_ARGS: "--access-logfile -",
  };
}
