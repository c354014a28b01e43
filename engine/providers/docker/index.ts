import type Docker from "dockerode";
import type { Provider } from "../../src/plugin/contract.ts";
import type { PropertyMap } from "../../src/values/values.ts";
import { defineBridgedProvider } from "../bridge/index.ts";
import { configuration, connect, dockerHost, explain } from "./client.ts";
import { container } from "./container/container.ts";
import { functions } from "./functions.ts";
import { buildImage, checkImage, diffImage, IMAGE, previewImage, readImage } from "./image/image.ts";
import { network } from "./network.ts";
import { service } from "./service/service.ts";
import { text } from "./values.ts";
import { volume } from "./volume.ts";

/**
 * The npm package @pulumi/docker without its plugin: networks, volumes, containers, services and locally built images
 * through Docker's API, with the real plugin's inputs, defaults and states (recorded ones are in test/fixtures).
 */
export function createProvider(): Provider {
  let config: PropertyMap = {};
  let docker: Docker | undefined;
  const client = () => {
    docker ??= connect(config);
    return docker;
  };
  const bridged = defineBridgedProvider<Docker>({
    name: "docker",
    version: "5.2.0",
    config: configuration,
    resources: {
      "docker:index/network:Network": network,
      "docker:index/volume:Volume": volume,
      "docker:index/container:Container": container,
      "docker:index/service:Service": service,
    },
    functions,
    connect: client,
  });

  /** What Docker says, in one line. */
  const explained = async <T>(operation: () => Promise<T>): Promise<T> => {
    try {
      return await operation();
    } catch (error) {
      throw explain(error, dockerHost(config));
    }
  };

  return {
    ...bridged,
    configure(properties) {
      config = properties;
      docker = undefined;
      return bridged.configure(properties);
    },
    check: (request) => (request.type === IMAGE ? checkImage(request) : bridged.check(request)),
    diff: async (request) => (request.type === IMAGE ? diffImage(request) : bridged.diff(request)),
    create: (request) =>
      explained(async () => {
        if (request.type !== IMAGE) return bridged.create(request);
        const { inputs, preview } = request;
        if (preview && inputs.buildOnPreview !== true) return { id: "", outputs: previewImage(inputs) };
        return { id: text(inputs.imageName), outputs: await buildImage(inputs, request, client()) };
      }),
    read: (request) => explained(() => (request.type === IMAGE ? readImage(request, client()) : bridged.read(request))),
    update: (request) =>
      explained(async () => {
        if (request.type !== IMAGE) return bridged.update(request);
        const { news, preview } = request;
        if (preview && news.buildOnPreview !== true) return previewImage(news);
        return buildImage(news, request, client());
      }),
    // An image stays when its resource goes, as with the real provider: other things may stand on it.
    delete: async (request) => {
      if (request.type !== IMAGE) await explained(() => bridged.delete(request));
    },
    invoke: (request) => explained(() => bridged.invoke(request)),
    recover: async (request) =>
      request.type === IMAGE ? undefined : explained(async () => bridged.recover?.(request)),
  };
}
