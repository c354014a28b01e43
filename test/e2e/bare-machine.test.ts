import assert from "node:assert/strict";
import { test } from "node:test";
import { bareMachine } from "../support/bare-machine.ts";

/** Asks for the page of the example app from within the machine. */
const VISIT = `
  const request = require("node:http").request({ host: "127.0.0.1", port: 8080, headers: { host: "hello.localhost" } });
  request.on("response", (answer) => {
    answer.pipe(process.stdout);
    process.exitCode = answer.statusCode === 200 ? 0 : 1;
  });
  request.end();
`;

test("a machine with Node and npm only serves the example app after `npm run up`", async (context) => {
  await using machine = await bareMachine();
  const timed = async (what: string, ...argv: string[]) => {
    const started = performance.now();
    const result = await machine.run(argv);
    context.diagnostic(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
    assert.equal(result.exitCode, 0, result.output);
    return result.output;
  };

  const visit = async () => {
    const page = await timed("a request", "node", "--eval", VISIT);
    return Number(/visit number <strong>(\d+)/.exec(page)?.[1]);
  };

  assert.notEqual((await machine.run(["docker", "version"])).exitCode, 0, "it has no Docker Engine");
  const first = await timed("cold up", "npm", "run", "up");
  assert.match(first, /hello answers at http:\/\/hello\.localhost:8080\//);
  const visits = await visit();
  assert.equal(
    await timed("git status", "git", "status", "--porcelain"),
    " M stacks/Pulumi.hello.yaml\n M stacks/Pulumi.platform.yaml\n",
  );
  assert.match(await timed("second up", "npm", "run", "up"), /^0 changes$/m);
  assert.equal(await visit(), visits + 1);

  await timed("down", "npm", "run", "down", "--", "--yes");
  await timed("warm up", "npm", "run", "up");
  assert.equal(await visit(), visits, "the old database went with its app");

  await timed("down and purge", "npm", "run", "down", "--", "--yes", "--purge");
  for (const kind of ["service", "container", "volume", "image"]) {
    assert.equal(await timed(`docker ${kind} ls`, "docker", kind, "ls", "--quiet"), "");
  }
  const networks = await timed("docker network ls", "docker", "network", "ls", "--format", "{{.Name}}");
  assert.deepEqual(networks.trim().split("\n").sort(), ["bridge", "docker_gwbridge", "host", "ingress", "none"]);
});
