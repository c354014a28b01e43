import { servePlugin } from "../../../../engine/src/plugin/serve.ts";
import { FakeProvider, World } from "../fake-provider.ts";

await servePlugin(new FakeProvider(new World()));
