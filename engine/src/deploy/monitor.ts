import type grpc from "@grpc/grpc-js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import resourceGrpc from "@pulumi/pulumi/proto/resource_grpc_pb.js";
import resourceProto from "@pulumi/pulumi/proto/resource_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { hashAssets } from "../values/asset-hash.ts";
import { containsUnknowns, flatten } from "../values/secrets.ts";
import type { PropertyMap } from "../values/values.ts";
import { decodeProperties, encodeProperties, unknownMarker } from "../values/wire.ts";
import type { Deployment, Registered } from "./deployment.ts";
import { Stopped } from "./errors.ts";
import { plainGoal } from "./goal.ts";
import { readPosition, readRegistration, readTrace } from "./request.ts";
import type { Resolver } from "./resolver.ts";
import { handler } from "./service.ts";
import type { Transforms } from "./transforms.ts";
import type { ResourceState } from "./types.ts";

const Feature = resourceProto.ResourceMonitorFeature;

/** What of Pulumi's protocol is done here; programs that need more say so themselves. */
const features = [
  Feature.RESOURCE_MONITOR_FEATURE_SECRETS,
  Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
  Feature.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
  Feature.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
  Feature.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
  Feature.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
  Feature.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
  Feature.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
  Feature.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
  Feature.RESOURCE_MONITOR_FEATURE_INVOKE_DEPENDS_ON,
  Feature.RESOURCE_MONITOR_FEATURE_INVOKE_PARENT,
  Feature.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
  Feature.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
  Feature.RESOURCE_MONITOR_FEATURE_SENDS_OPTIONS_TO_HOOKS,
];

/** The names under which SDKs that do not know GetDeploymentInfo ask for the features above. */
const legacyFeatures = new Set([
  "secrets",
  "resourceReferences",
  "outputValues",
  "aliasSpecs",
  "deletedWith",
  "replaceWith",
  "transforms",
  "invokeTransforms",
  "resourceHooks",
  "errorHooks",
  "sendsOptionsToHooks",
]);

/** Pulumi's ResourceMonitor service: where a running program registers its resources. */
export class Monitor {
  readonly #deployment: Deployment;
  readonly #resolver: Resolver;
  readonly #transforms: Transforms;
  /** Whether the program has said that it registers nothing more. */
  #awaited = false;

  constructor(deployment: Deployment, resolver: Resolver, transforms: Transforms) {
    this.#deployment = deployment;
    this.#resolver = resolver;
    this.#transforms = transforms;
  }

  addTo(server: grpc.Server): void {
    server.addService(resourceGrpc.ResourceMonitorService, {
      getDeploymentInfo: handler(async () => this.#info()),
      supportsFeature: handler(async (request: resourceProto.SupportsFeatureRequest) =>
        new resourceProto.SupportsFeatureResponse().setHassupport(legacyFeatures.has(request.getId())),
      ),
      registerResource: handler((request: resourceProto.RegisterResourceRequest) => this.#register(request)),
      registerResourceOutputs: handler(async (request: resourceProto.RegisterResourceOutputsRequest) => {
        const outputs = flattenAll(decodeProperties(request.getOutputs()));
        const hashed = await hashAssets(outputs, this.#deployment.folder);
        await this.#deployment.registerOutputs(request.getUrn(), hashed);
        return new emptyProto.Empty();
      }),
      readResource: handler((request: resourceProto.ReadResourceRequest) => this.#read(request)),
      existsResource: handler((request: resourceProto.ExistsResourceRequest) => this.#exists(request)),
      invoke: handler((request: resourceProto.ResourceInvokeRequest) => this.#invoke(request)),
      call: this.#refuse("methods of resources"),
      registerStackTransform: handler(async (callback) => this.#transforms.addForAll(callback)),
      registerStackInvokeTransform: handler(async (callback) => this.#transforms.addForInvokes(callback)),
      registerResourceHook: handler(async (request: resourceProto.RegisterResourceHookRequest) => {
        this.#deployment.hooks.register(request);
        return new emptyProto.Empty();
      }),
      registerErrorHook: handler(async (request: resourceProto.RegisterErrorHookRequest) => {
        this.#deployment.hooks.registerForErrors(request);
        return new emptyProto.Empty();
      }),
      registerPackage: this.#refuse("parameterised packages"),
      signalAndWaitForShutdown: handler(async () => {
        if (this.#awaited) throw new Error("Already waiting for shutdown");
        this.#awaited = true;
        await this.#deployment.finish();
        return new emptyProto.Empty();
      }),
    });
  }

  /** A method that this engine has not. It ends the deployment, since a program may wait for the answer for ever. */
  #refuse<Request, Response>(what: string): grpc.handleUnaryCall<Request, Response> {
    return handler(async () => {
      const { executor } = this.#deployment;
      if (executor.stopped) throw new Stopped();
      executor.fail(`${what} are not supported by the embedded engine; with a real Pulumi CLI on the PATH they are`);
      executor.stop();
      throw new Stopped();
    });
  }

  #info(): resourceProto.DeploymentInfo {
    const { project, stack, organization, dryRun, parallel, config } = this.#deployment.options;
    const info = new resourceProto.DeploymentInfo();
    for (const [key, { value, secret }] of Object.entries(config)) {
      info.getConfigMap().set(key, value);
      if (secret) info.addConfigsecretkeys(key);
    }
    return info
      .setProject(project)
      .setStack(stack)
      .setOrganization(organization)
      .setDryrun(dryRun)
      .setParallel(parallel)
      .setSupportedfeaturesList(features);
  }

  async #register(request: resourceProto.RegisterResourceRequest): Promise<resourceProto.RegisterResourceResponse> {
    const { root } = this.#deployment.options;
    const registration = readRegistration(request, root);
    const transformed = await this.#transforms.apply(registration, request.getTransformsList());
    const goal = await this.#resolver.goal(transformed);
    const registered = await this.#deployment.register(goal);
    this.#resolver.remember(registered.state.urn, transformed, goal);
    this.#transforms.remember(registered.state.urn, registration.parent, request.getTransformsList());
    return this.#response(registered);
  }

  #response({ state, succeeded, skipped }: Registered): resourceProto.RegisterResourceResponse {
    const response = new resourceProto.RegisterResourceResponse().setUrn(state.urn);
    if (!succeeded) return response.setResult(resourceProto.Result.FAIL);
    if (skipped) return response.setUnknown(true);
    // A component's old outputs may refer to resources that are not registered yet: none are sent.
    if (!state.custom) return response.setObject(encodeProperties({}, { secrets: true, resources: true }));
    return response
      .setId(state.id === unknownMarker ? "" : (state.id ?? ""))
      .setObject(encodeProperties(state.outputs, { secrets: true, resources: true }));
  }

  async #read(request: resourceProto.ReadResourceRequest): Promise<resourceProto.ReadResourceResponse> {
    const { root } = this.#deployment.options;
    const response = new resourceProto.ReadResourceResponse();
    const type = request.getType();
    const parent = request.getParent() || undefined;
    const goal = plainGoal({
      type,
      name: request.getName(),
      custom: true,
      properties: flattenAll(decodeProperties(request.getProperties())),
      readId: request.getId(),
      parent,
      dependencies: request.getDependenciesList(),
      additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
      provider: await this.#resolver.provider(request, type, parent),
      sourcePosition: readPosition(request.getSourceposition(), root),
      stackTrace: readTrace(request.getStacktrace(), root),
    });
    const { state, succeeded, skipped } = await this.#deployment.register(goal);
    response.setUrn(state.urn);
    if (skipped) return response.setUnknown(true);
    if (!succeeded) return response.setResult(resourceProto.Result.FAIL);
    return response.setProperties(encodeProperties(state.outputs, { secrets: true, resources: true }));
  }

  async #exists(request: resourceProto.ExistsResourceRequest): Promise<resourceProto.ExistsResourceResponse> {
    const response = new resourceProto.ExistsResourceResponse();
    const id = request.getId();
    if (id === unknownMarker) return response.setUnknown(true);
    const type = request.getType();
    const provider = await this.#resolver.provider(request, type, request.getParent() || undefined);
    const { stack, project } = this.#deployment.options;
    const state: ResourceState = {
      urn: `urn:pulumi:${stack}::${project}::${type}::exists`,
      type,
      custom: true,
      inputs: flattenAll(decodeProperties(request.getProperties())),
      outputs: {},
    };
    const instance = await this.#deployment.registry.instance(provider);
    return response.setExists((await instance.read(state, id)) !== undefined);
  }

  async #invoke(request: resourceProto.ResourceInvokeRequest): Promise<resourceProto.ResourceInvokeResponse> {
    const response = new resourceProto.ResourceInvokeResponse();
    const call = await this.#transforms.applyToInvoke(request);
    const token = call.getTok();
    const args = flattenAll(decodeProperties(call.getArgs()));
    const options = { secrets: true, resources: call.getAcceptresources() };
    if (token === "pulumi:pulumi:getResource") {
      return response.setReturn(encodeProperties(this.#getResource(args), options));
    }
    if (Object.values(args).some(containsUnknowns) || this.#isPending(call.getDependsonList())) {
      return response.setUnknown(true);
    }
    const provider = await this.#resolver.provider(call, token, call.getParent() || undefined);
    const instance = await this.#deployment.registry.instance(provider);
    if (!instance.known) return response.setUnknown(true);
    const { outputs, failures } = await instance.invoke(token, args);
    return response
      .setReturn(encodeProperties(outputs, options))
      .setFailuresList(
        (failures ?? []).map(({ property, reason }) =>
          new providerProto.CheckFailure().setProperty(property).setReason(reason),
        ),
      );
  }

  /** Whether a preview would make one of these resources first. */
  #isPending(urns: readonly string[]): boolean {
    if (!this.#deployment.options.dryRun) return false;
    return urns.some((urn) => {
      const state = this.#deployment.registered(urn);
      return state?.custom && (!state.id || state.id === unknownMarker);
    });
  }

  #getResource({ urn }: PropertyMap): PropertyMap {
    const state = typeof urn === "string" ? this.#deployment.registered(urn) : undefined;
    if (!state) throw new Error(`could not find resource ${urn}`);
    return { urn: state.urn, id: state.id ?? "", state: state.outputs };
  }
}

function flattenAll(properties: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, flatten(value)]));
}
