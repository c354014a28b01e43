import { createHash } from "node:crypto";

const WORDS =
  "acute adjacent amorphous angular animate asymmetrical blue clean closed colorful concave concentric contoured convex corrugated crystalline cubed curly curved cylindrical deep defined dimensional elliptical encircled fitted flat flexible fluffy fluted globular graceful horizontal infinite lively metric objective octagonal opaque parallel polished pointy quiet rectangular regular rigid round rugged shallow shaped sharp silhouetted sinuous smooth solid spherical square tapered tetrahedral transparent trapezoidal triangular vertical".split(
    " ",
  );

/** What databases of an app besides `DATABASE` are attached as, when nobody says. */
const COLORS =
  "AMBER AQUA BLACK BLUE BRONZE BROWN CHARCOAL COBALT COPPER CRIMSON CYAN GOLD GRAY GREEN IVORY JADE MAROON MAUVE NAVY OLIVE ONYX ORANGE PINK PUCE PURPLE RED ROSE SILVER TEAL VIOLET WHITE YELLOW".split(
    " ",
  );

/** A name like `postgresql-curved-12345`, which follows from what identifies the add-on. */
export function defaultAddonName(app: string, addon: string): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([app, addon]))
    .digest();
  const word = WORDS[digest.readUInt32BE(0) % WORDS.length];
  return `postgresql-${word}-${10_000 + (digest.readUInt32BE(4) % 90_000)}`;
}

/** `DATABASE`, or a colour when the app has that one already. */
export function freeAttachment(taken: readonly string[]): string {
  const free = ["DATABASE", ...COLORS.map((color) => `HEROKU_POSTGRESQL_${color}`)].find(
    (name) => !taken.includes(name),
  );
  if (free !== undefined) return free;
  for (let number = 2; ; number++) {
    const name = `HEROKU_POSTGRESQL_${number}`;
    if (!taken.includes(name)) return name;
  }
}
