import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../lib/errors.ts";
import { Problems } from "../../lib/validation/problems.ts";
import { integer } from "../../lib/validation/readers.ts";
import { DYNO_SIZES, type DynoSizeName, dynoSize } from "../../model/app/sizes.ts";
import { contentHash, HASH_LENGTH } from "../../model/content.ts";
import { anyAppName, processType } from "../../model/names.ts";
import {
  DYNO_CAPABILITIES,
  DYNO_INIT,
  DYNO_PORT,
  dynoLabels,
  hostFolder,
  initEnvironment,
} from "../../provider/docker/dyno-container.ts";
import { DynoProcess, type DynoProcessArgs } from "../../provider/sdk/index.ts";
import { type Environment, type EnvironmentValue, environment, versions } from "../environment.ts";
import type { PlatformConnection } from "../platform/connection.ts";
import { dockerLabels, LOG_DRIVER, LOG_OPTIONS } from "../platform/labels.ts";
import { changeOf, type Transform, transformed } from "../transform.ts";
import { appKey } from "./key.ts";

export { DYNO_PORT };

/** Raised when what this file makes of the same arguments changes, so that a new dyno stands beside the old one. */
const TEMPLATE = 3;

/** Seconds a dyno without a port must have run before it counts as started. */
const SETTLE_SECONDS = 3;

/** Where a service has {@link DynoSettings.releasedAt}. */
const RELEASED_AT = "taskSpec.containerSpec.env.HEROKU_RELEASE_CREATED_AT";

/** Seconds for the container to be gone: the 30 s an app has after SIGTERM, Swarm's 2 s before it, and some to spare. */
const STOP_TIMEOUT_SECONDS = 60;

/** Changes the resources of each dyno. */
export interface DynoTransform {
  /**
   * The Swarm service. What is changed of its arguments is hashed into the dyno's name like all that makes it what it is, so
   * that a change is a new dyno beside the old one and never an update in place; values must therefore be plain. Options
   * are no part of the name.
   */
  readonly service?: Transform<docker.ServiceArgs>;
  /** How it is started and stopped. A change is an update in place, which disturbs nothing that runs. */
  readonly process?: Transform<DynoProcessArgs>;
}

/** What all dynos of an app have in common. */
export interface DynoSettings {
  readonly platform: PlatformConnection;
  /** The app's name. */
  readonly app: string;
  /** The image by its id, `sha256:…`. */
  readonly image: pulumi.Input<string>;
  /** Changes whenever the image does, and is known when the image is not yet: the name of what is built. */
  readonly slug: string;
  /** Config vars and what add-ons set. */
  readonly environment?: Readonly<Record<string, EnvironmentValue>>;
  /**
   * Gives a dyno's id, which it then has as HEROKU_DYNO_ID, by what it is called: `web.1`.
   * @default none is told
   */
  readonly id?: (dyno: string) => string;
  /**
   * When its release was made, which a dyno then has as HEROKU_RELEASE_CREATED_AT: ISO 8601. It has that of its first
   * `up`, as no name follows from a time.
   * @default none is told
   */
  readonly releasedAt?: string;
  /**
   * Keys the hash in the dyno's name.
   * @default `dynoform:key` of the stack's configuration
   */
  readonly key?: string;
  /** Changes resources before they are registered. @default nothing is changed */
  readonly transform?: DynoTransform;
}

export interface DynoArgs extends DynoSettings {
  /** The process type, e.g. `web`. */
  readonly type: string;
  /** From 1: `web.1`. */
  readonly index: number;
  /** The Procfile's command, run by bash. */
  readonly command: string;
  /** @default "free" */
  readonly size?: DynoSizeName;
}

/**
 * A dyno: one process of an app in a container of its own, as a Swarm service of one replica, named after everything
 * that makes it what it is. A change of any of it makes a new dyno beside this one, which goes when all else is done.
 *
 * @example
 * new Dyno("shop-web.1", { platform, app: "shop", type: "web", index: 1, command: "uwsgi uwsgi.ini", image, slug: "v1" });
 */
export class Dyno extends pulumi.ComponentResource {
  /** As Heroku writes it: `web.1`. */
  readonly dyno: string;
  /** The Swarm service, and the name under which the router finds the dyno. */
  readonly service: string;
  readonly port: number;
  /** Depend on it to wait for the dyno. */
  readonly process: pulumi.Resource;

  constructor(name: string, args: DynoArgs, opts?: pulumi.ComponentResourceOptions) {
    const { variables, key } = checkArgs(name, args);
    super("dynoform:index:Dyno", name, {}, opts);
    const { platform, app, type } = args;
    this.dyno = `${type}.${args.index}`;
    this.port = DYNO_PORT;

    const { transform = {} } = args;
    const named = (of: string) => serviceName(`${platform.name}-${app}-${type}-${args.index}`, of);
    // Sleeping and waking set the number of replicas from outside.
    const ignoreChanges = args.releasedAt === undefined ? ["mode"] : ["mode", RELEASED_AT];
    const own: pulumi.CustomResourceOptions = { parent: this, dependsOn: opts?.dependsOn, ignoreChanges };
    const plain = content(args, variables);
    const before = serviceArgs(args, variables, named(contentHash(key, plain)));
    const change = changeOf(transform.service, `Dyno ${name}: transform.service`, name, before, own);
    // Without a change it is called as it always was.
    const hash = contentHash(key, change === undefined ? plain : { ...plain, transform: change });
    this.service = named(hash);

    const [settings, options] = transformed(transform.service, name, serviceArgs(args, variables, this.service), own);
    if (settings.name !== this.service) {
      throw new UserError([`Dyno ${name}: transform.service sets name, by which the router finds it; leave it`]);
    }
    const service = new docker.Service(`${name}-${hash}`, settings, options);
    const process: DynoProcessArgs = {
      platform: platform.name,
      app,
      service: this.service,
      dyno: this.dyno,
      settle: type === "web" ? 0 : SETTLE_SECONDS,
      stopTimeout: STOP_TIMEOUT_SECONDS,
    };
    this.process = new DynoProcess(
      `${name}-${hash}-process`,
      ...transformed(transform.process, name, process, { parent: this, dependsOn: service }),
    );
    this.registerOutputs({ dyno: this.dyno, service: this.service, port: this.port });
  }
}

function checkArgs(name: string, args: DynoArgs): { variables: Environment; key: string } {
  const problems = new Problems();
  const at = `Dyno ${name}:`;
  anyAppName(args.app, `${at} app`, problems);
  processType(args.type, `${at} type`, problems);
  integer(1, 999)(args.index, `${at} index`, problems);
  dynoSize(args.size ?? "free", `${at} size`, problems);
  const variables = environment()(args.environment ?? {}, `${at} environment`, problems);
  const key = appKey(args.key, problems);
  problems.check();
  return { variables: variables ?? {}, key: key ?? "" };
}

/** Everything that makes the dyno what it is, as plain data. */
function content(args: DynoArgs, variables: Environment) {
  const { platform } = args;
  const size = args.size ?? "free";
  return {
    template: TEMPLATE,
    platform: {
      name: platform.name,
      directory: platform.directory,
      subnet: platform.subnet,
      router: platform.routerAddress,
      postgres: platform.postgresAddress,
      egress: platform.egress,
    },
    app: args.app,
    type: args.type,
    index: args.index,
    command: args.command,
    slug: args.slug,
    size: { name: size, ...DYNO_SIZES[size] },
    environment: versions(variables),
  };
}

/** Docker's limit for a service's name is 63: of the readable part as much stays as leaves room for the hash. */
function serviceName(readable: string, hash: string): string {
  return `${readable.slice(0, 62 - HASH_LENGTH).replace(/-+$/, "")}-${hash}`;
}

/** @param service its name */
function serviceArgs(args: DynoArgs, variables: Environment, service: string): docker.ServiceArgs {
  const { platform, app, type, size = "free" } = args;
  const labels = dockerLabels(dynoLabels({ platform: platform.name, app, dyno: `${type}.${args.index}`, type, size }));
  return {
    name: service,
    labels,
    mode: { replicated: { replicas: 1 } },
    endpointSpec: { mode: "dnsrr" },
    taskSpec: taskSpec(args, variables, service, labels),
  };
}

function taskSpec(
  args: DynoArgs,
  variables: Environment,
  service: string,
  labels: { label: string; value: string }[],
): docker.types.input.ServiceTaskSpec {
  const { platform } = args;
  const size = DYNO_SIZES[args.size ?? "free"];
  const dyno = `${args.type}.${args.index}`;
  const env: Record<string, pulumi.Input<string>> = {
    ...(args.id && { HEROKU_DYNO_ID: args.id(dyno) }),
    ...(args.releasedAt !== undefined && { HEROKU_RELEASE_CREATED_AT: args.releasedAt }),
    ...Object.fromEntries(Object.entries(variables).map(([key, entry]) => [key, entry.value])),
    ...initEnvironment(platform, { dyno, unique: service, size }),
  };
  return {
    containerSpec: {
      image: args.image,
      commands: [DYNO_INIT],
      args: [args.command],
      env,
      labels,
      capAdds: DYNO_CAPABILITIES,
      capDrops: ["ALL"],
      mounts: [{ type: "bind", ...hostFolder(platform), readOnly: true }],
      // The real plugin sends 0 when it is not set, and Docker then kills at once.
      stopGracePeriod: "30s",
    },
    networksAdvanceds: [{ id: platform.networkId }],
    resources: {
      limits: { memoryBytes: size.memory, ...(size.nanoCpus === undefined ? {} : { nanoCpus: size.nanoCpus }) },
    },
    // All three are set: without delay and window the real plugin sees a difference for ever.
    restartPolicy: { condition: "any", delay: "100ms", window: "0s" },
    logDriver: { name: LOG_DRIVER, options: LOG_OPTIONS },
  };
}
