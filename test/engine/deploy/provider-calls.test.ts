/** What providers are told in each call, and what the state remembers of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import type { CheckRequest, CreateRequest, DeleteRequest, UpdateRequest } from "../../../engine/src/plugin/contract.ts";
import { serveProvider } from "../../../engine/src/plugin/serve.ts";
import { type PropertyMap, ResourceReference } from "../../../engine/src/values/values.ts";
import { decodeProperties, encodeProperties } from "../../../engine/src/values/wire.ts";
import { FakeProvider, World } from "./fake-provider.ts";
import { TestStack } from "./harness.ts";

test("a check is told the inputs that were checked last time, and a new resource's none", async (context) => {
  const stack = await TestStack.create(context);
  const olds: (PropertyMap | undefined)[] = [];
  class Completing extends FakeProvider {
    override async check(request: CheckRequest) {
      olds.push(request.olds);
      const { inputs, failures } = await super.check(request);
      return { inputs: { ...inputs, added: "by the check" }, failures };
    }
  }
  stack.providers.fake = () => new Completing(stack.world);
  const program = (key: number) => `new Fake("a", { key: ${key} });`;
  await stack.up(program(1));
  await stack.up(program(1));
  assert.deepEqual(olds, [undefined, { key: 1, added: "by the check" }]);
  olds.length = 0;
  await stack.up(program(2));
  assert.deepEqual(olds, [{ key: 1, added: "by the check" }, undefined], "a replacement is checked as a new one");
  olds.length = 0;
  await stack.up(program(2), { replace: ["**::a"] });
  assert.deepEqual(olds, [undefined]);
});

test("operations are told their time limits in seconds", async (context) => {
  const stack = await TestStack.create(context);
  const told: string[] = [];
  class Timed extends FakeProvider {
    override create(request: CreateRequest) {
      told.push(`create ${request.timeout}`);
      return super.create(request);
    }
    override update(request: UpdateRequest) {
      told.push(`update ${request.timeout}`);
      return super.update(request);
    }
    override delete(request: DeleteRequest) {
      told.push(`delete ${request.timeout}`);
      return super.delete(request);
    }
  }
  stack.providers.fake = () => new Timed(stack.world);
  const program = (value: number) => `
    new Fake("a", { value: ${value} }, { customTimeouts: { create: "90s", update: "2m", delete: "1h" } });`;
  for (const text of [program(1), program(2), ""]) await stack.up(text);
  assert.deepEqual(told, ["create 90", "update 120", "delete 3600"]);
});

test("a state knows when a resource was made and last changed", async (context) => {
  const stack = await TestStack.create(context);
  const program = (value: number) => `new Fake("a", { value: ${value} });`;
  await stack.up(program(1));
  const made = stack.resource("a");
  assert.ok(Math.abs(Date.now() - Date.parse(made.created ?? "")) < 60_000);
  assert.equal(made.modified, made.created);
  await stack.up(program(1));
  assert.deepEqual([stack.resource("a").created, stack.resource("a").modified], [made.created, made.modified]);
  await stack.up(program(2));
  assert.equal(stack.resource("a").created, made.created);
  assert.ok(Date.parse(stack.resource("a").modified ?? "") > Date.parse(made.modified ?? ""));
});

test("a resource that is a value is its id to a provider, and a reference in outputs", async (context) => {
  const stack = await TestStack.create(context);
  const program = `
    const a = new Fake("a", { value: 1 });
    new Fake("b", { of: a, all: [a] });
    new Group("group").registerOutputs({ it: a });`;
  const { errors } = await stack.up(program);
  assert.deepEqual(errors, []);
  const { urn, id = "" } = stack.resource("a");
  assert.deepEqual(stack.world.things.get(stack.resource("b").id ?? "")?.all, [id]);
  assert.equal(stack.resource("b").inputs.of, id, "what the provider's check answered");
  assert.deepEqual(stack.resource("group").outputs.it, new ResourceReference(urn, id));
  assert.deepEqual((await stack.up(program)).changes, { same: 4 });
});

test("a provider that can preview is asked for what it would make, and nothing is made", async (context) => {
  const stack = await TestStack.create(context);
  class Foreseeing extends FakeProvider {
    readonly supportsPreview = true;
    override create(request: CreateRequest) {
      if (!request.preview) return super.create(request);
      return Promise.resolve({ id: "", outputs: { ...request.inputs, token: "foreseen" } });
    }
  }
  stack.providers.fake = () => new Foreseeing(stack.world);
  const preview = await stack.preview(`export const token = new Fake("a").token;`);
  assert.deepEqual([preview.outputs?.token, stack.world.names()], ["foreseen", []]);
});

test("a provider that cannot preview does nothing in one that a CLI asks it for", async () => {
  const world = new World();
  const served = await serveProvider(new FakeProvider(world));
  const client = new providerGrpc.ResourceProviderClient(`127.0.0.1:${served.port}`, grpc.credentials.createInsecure());
  try {
    const request = new providerProto.CreateRequest()
      .setUrn("urn:pulumi:test::project::fake:index:Thing::a")
      .setProperties(encodeProperties({ value: 1 }, { secrets: true, resources: true }))
      .setPreview(true);
    const answer = await new Promise<providerProto.CreateResponse>((resolve, reject) => {
      client.create(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
    assert.deepEqual(decodeProperties(answer.getProperties()), { value: 1 });
    assert.deepEqual([answer.getId(), world.log], ["", []]);
  } finally {
    client.close();
    served.close();
  }
});
