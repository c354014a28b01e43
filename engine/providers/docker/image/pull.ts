import type Docker from "dockerode";
import type { Call } from "../../bridge/index.ts";
import { unlessMissing } from "../client.ts";
import { followStream } from "./stream.ts";

/** Makes sure that the image is there: by id it must be, by name it is pulled when it is not. */
export async function ensureImage(image: string, call: Call<Docker>): Promise<void> {
  const { client } = call;
  if (await unlessMissing(client.getImage(image).inspect())) return;
  if (image.startsWith("sha256:")) throw new Error(`there is no image ${image} on this Docker engine`);
  const named = /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
  await followStream(await client.pull(named, { abortSignal: call.signal }), (line) => call.log("status", line));
}
