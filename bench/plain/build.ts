import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { TestPlatform } from "../../test/support/platform.ts";

let built = 0;

/**
 * Builds an image with other files of an app than `base` has, as `docker build` does. Gives its id.
 *
 * @param files by their paths in /app
 */
export async function buildOn(
  { docker, name }: TestPlatform,
  base: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const context = pack();
  context.entry({ name: "Dockerfile" }, `FROM ${base}\nCOPY app/ /app/\n`);
  for (const [path, text] of Object.entries(files)) context.entry({ name: `app/${path}` }, text);
  context.finalize();
  const tag = `${name}/plain:${++built}`;
  const labels = { "dynoform.platform": name };
  const stream: NodeJS.ReadableStream = await docker.buildImage(Readable.from(context), { t: tag, labels });
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error, output) => (error ? reject(error) : resolve(output))),
  );
  return (await docker.getImage(tag).inspect()).Id;
}
