import { createRequire } from "node:module";

/** A message of a build or pull, as Docker streams it. */
interface Progress {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly aux?: { readonly ID?: string };
}

type FollowProgress = (
  stream: NodeJS.ReadableStream,
  finished: (error: Error | null) => void,
  progress: (event: Progress) => void,
) => void;

// dockerode decodes BuildKit's trace; its typings do not know that yet.
const { followProgress }: { followProgress: FollowProgress } = createRequire(import.meta.url)(
  "dockerode/lib/buildkit.js",
);

/**
 * Reads a build's or a pull's stream to its end, line by line; throws the error that it reports.
 *
 * @returns the id of the image that was built, where the stream tells it.
 */
export async function followStream(
  stream: NodeJS.ReadableStream,
  line: (text: string) => void,
): Promise<string | undefined> {
  let image: string | undefined;
  let failed: string | undefined;
  await new Promise<void>((resolve, reject) => {
    followProgress(
      stream,
      (error) => (error ? reject(error) : resolve()),
      (event) => {
        // BuildKit's last message comes as a line of its trace.
        image = event.aux?.ID ?? /^Built image: (sha256:\w+)$/m.exec(event.stream ?? "")?.[1] ?? image;
        failed ??= event.errorDetail?.message ?? event.error;
        const text = event.stream ?? [event.id, event.status].filter(Boolean).join(": ");
        for (const part of text.split("\n")) if (part.trim()) line(part.trimEnd());
      },
    );
  });
  if (failed) throw new Error(failed);
  return image;
}
