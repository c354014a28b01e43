import assert from "node:assert/strict";
import { test } from "node:test";
import { type AppWord, appStates } from "../../../../services/control-plane/dashboard/app-states.ts";
import type { DynoService } from "../../../../services/control-plane/dynos/services.ts";

function service(app: string, name: string, replicas = 1, type = "web"): DynoService {
  const at = 0;
  const form = { version: 1, spec: {} as DynoService["form"]["spec"] };
  return {
    id: name,
    name,
    app,
    dyno: `${type}.1`,
    type,
    size: "free",
    command: "",
    image: "sha256:1",
    memory: undefined,
    processes: undefined,
    replicas,
    createdAt: at,
    updatedAt: at,
    form,
  };
}

test("an app is in the state that its dynos and the router's table say", async () => {
  const services = [
    service("up", "up-1"),
    service("up", "up-old", 0),
    service("sleeping", "sleeping-1", 0),
    service("napping", "napping-1"),
    service("crashed", "crashed-1", 0),
    service("starting", "starting-1"),
    service("stopped", "stopped-1", 0, "worker"),
    service("parked", "parked-web"),
    service("parked", "parked-worker", 0, "worker"),
    service("busy", "busy-web"),
    service("busy", "busy-worker", 1, "worker"),
  ];
  const table = [
    { app: "up", dynos: [{ name: "up-1" }] },
    { app: "napping", mode: "napping" as const, dynos: [{ name: "napping-1" }] },
    { app: "sleeping", mode: "asleep" as const, dynos: [{ name: "sleeping-1" }] },
    { app: "spent", mode: "quota" as const, dynos: [] },
    { app: "crashed", dynos: [{ name: "crashed-1" }] },
    { app: "starting", dynos: [{ name: "starting-1" }] },
    { app: "stopped", dynos: [] },
    { app: "fresh", dynos: [] },
    { app: "parked", dynos: [{ name: "parked-web" }] },
    { app: "busy", dynos: [{ name: "busy-web" }] },
  ];
  const known: Record<string, string> = {
    "up-1": "up",
    "starting-1": "starting",
    "busy-web": "up",
    "busy-worker": "crashed",
  };
  const states = await appStates({
    router: { list: async () => table },
    services: { all: async () => services },
    dynos: { get: (name) => (known[name] === undefined ? undefined : { state: known[name] }) },
    isParked: (name) => ["crashed-1", "parked-worker"].includes(name),
  });
  const expected: Record<string, AppWord> = {
    up: "up",
    sleeping: "sleeping",
    napping: "napping",
    spent: "out of hours",
    crashed: "crashed",
    starting: "starting",
    stopped: "stopped",
    fresh: "no release yet",
    parked: "crashed",
    busy: "crashed",
  };
  assert.deepEqual(Object.fromEntries([...states].map(([app, { word }]) => [app, word])), expected);
  assert.equal(states.get("busy")?.dynos, 2);
});
