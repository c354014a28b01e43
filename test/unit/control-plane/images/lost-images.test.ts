import assert from "node:assert/strict";
import { test } from "node:test";
import type Docker from "dockerode";
import { UserError } from "../../../../lib/errors.ts";
import type { DynoService } from "../../../../services/control-plane/dynos/services.ts";
import { LostImages } from "../../../../services/control-plane/images/lost-images.ts";

/** A host with these images, and the services of apps by the images that they name. */
function host(images: string[], services: Record<string, { image: string; replicas: number }[]>) {
  const there = new Set(images);
  const lines: string[] = [];
  const built: string[] = [];
  const problems: string[] = [];
  const all = async (app?: string) =>
    Object.entries(services)
      .filter(([name]) => app === undefined || name === app)
      .flatMap(([name, own]) => own.map((service) => ({ app: name, ...service }) as DynoService));
  const lost = (refusal?: string) =>
    new LostImages({
      docker: {
        getImage: (id: string) => ({
          inspect: async () => {
            if (!there.has(id)) throw Object.assign(new Error(`No such image: ${id}`), { statusCode: 404 });
          },
        }),
      } as unknown as Docker,
      services: { all },
      apps: {
        async change(app) {
          built.push(app);
          if (refusal !== undefined) throw new UserError(`${refusal}\nand more`);
          for (const { image } of services[app] ?? []) there.add(image);
          return { activity: 1, outputs: {}, changes: {}, steps: [], warnings: [] };
        },
      },
      log: { write: (app, { text }) => void lines.push(`${app}: ${text}`) },
      report: (problem) => void problems.push(problem),
    });
  return { lost, lines, built, problems };
}

test("an app whose image is there is left alone", async () => {
  const { lost, built, lines } = host(["a"], { shop: [{ image: "a", replicas: 1 }] });
  await lost().restore("shop");
  assert.deepEqual([built, lines], [[], []]);
});

test("one whose image is gone is brought up again, once for all who ask", async () => {
  const { lost, built, lines } = host([], { shop: [{ image: "a", replicas: 0 }] });
  const images = lost();
  await Promise.all([images.restore("shop"), images.restore("shop")]);
  await images.restore("shop");
  assert.deepEqual(built, ["shop"]);
  assert.deepEqual(lines, [
    "shop: The image of this release is gone from the host (was it pruned?). Building it again",
    "shop: The image was built again",
  ]);
});

test("why it could not be built stands in the app's log", async () => {
  const { lost, lines } = host([], { shop: [{ image: "a", replicas: 0 }] });
  await assert.rejects(lost("its source is not kept.").restore("shop"), /its source is not kept/);
  assert.equal(
    lines.at(-1),
    "shop: The image could not be built again: its source is not kept. Deploy once more to mend it, e.g. git push heroku main",
  );
});

test("of all apps those that should run are looked at, and what failed is not tried again", async () => {
  const { lost, built, problems } = host(["c"], {
    shop: [{ image: "a", replicas: 1 }],
    asleep: [{ image: "b", replicas: 0 }],
    well: [{ image: "c", replicas: 1 }],
  });
  const images = lost("no.");
  await images.restoreAll();
  await images.restoreAll();
  assert.deepEqual(built, ["shop"]);
  assert.equal(problems.length, 1);
});
