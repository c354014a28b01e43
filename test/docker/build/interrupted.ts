/** Builds an app of a platform and is killed while it does: `interrupted.ts PLATFORM APP DIRECTORY`. */
import { build } from "../../../provider/build/build.ts";
import { buildContent } from "../../../provider/sdk/build.ts";
import { readSource } from "../../../sources/index.ts";

const [platform = "", app = "", directory = ""] = process.argv.slice(2);
const none = { runtime: "", repository: "", commit: "", promoted: "", environment: {} };
const own = { platform, app, directory, ...none };
const inputs = { ...own, ...buildContent(readSource(directory)) };
await build.create(inputs, { urn: "", type: "", signal: new AbortController().signal, log() {} });
