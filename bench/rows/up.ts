import { testPlatform } from "../../test/support/platform.ts";
import { finish } from "../../test/support/process.ts";
import { type Bench, seconds } from "../row.ts";

/** `dynoform up` and `pulumi up` in their states: nothing there, images there, everything there. */
export const bench: Bench = async (say) => {
  await using platform = await testPlatform();
  await platform.app("hello", {
    source: { path: "examples/flask-hello" },
    addons: { DATABASE: { service: "postgresql" } },
  });
  const run = async (what: string, ...args: string[]) => {
    say(what);
    return seconds(async () => {
      const { exitCode, output } = await platform.dynoform(...args);
      if (exitCode !== 0) throw new Error(output);
    });
  };
  const first = await run("first up", "up");
  const again = await run("second up", "up");
  await run("down", "down", "--yes");
  const warm = await run("up on kept images and volume", "up");
  say("no-op pulumi up");
  const noop = await seconds(() => platform.engine.up("hello", ["--expect-no-changes"]));
  const floor = await seconds(() =>
    finish([process.execPath, "--eval", 'require("@pulumi/pulumi")'], platform.directory),
  );
  return [
    { name: "warm up", ours: warm, beside: "first up, on kept base images", theirs: first, unit: "s" },
    { name: "second up", ours: again, beside: "warm up", theirs: warm, unit: "s" },
    { name: "no-op pulumi up", ours: noop, beside: "Node loading Pulumi's SDK", theirs: floor, unit: "s" },
  ];
};
