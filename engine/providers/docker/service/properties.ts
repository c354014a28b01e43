import {
  atLeast,
  bool,
  int,
  list,
  map,
  object,
  oneOf,
  type Properties,
  type Property,
  set,
  string,
} from "../../bridge/index.ts";
import { duration } from "../durations.ts";
import { healthcheckProperties } from "../healthcheck.ts";
import { labelProperties } from "../labels.ts";
import { mountProperties } from "../mounts.ts";

const forceNew = true;
const unsupported = true;
const computed = true;
const natural = { check: atLeast(0) };

const containerSpec: Properties = {
  image: string({ required: true }),
  labels: set(labelProperties({ forceNew })),
  commands: list("string", { tf: "command" }),
  args: list(),
  hostname: string(),
  env: map(),
  dir: string(),
  user: string(),
  groups: list(),
  privileges: object({}, { unsupported }),
  readOnly: bool(),
  mounts: set(mountProperties({ default: "rprivate" })),
  stopSignal: string(),
  stopGracePeriod: string({ computed, ...duration }),
  healthcheck: object(healthcheckProperties, { computed }),
  hosts: set({ ip: string({ required: true, forceNew }), host: string({ required: true, forceNew }) }, { forceNew }),
  dnsConfig: object(
    { nameservers: list("string", { required: true }), searches: list("string", { tf: "search" }), options: list() },
    { computed },
  ),
  secrets: set({}, { unsupported }),
  configs: set({}, { unsupported }),
  isolation: string({ default: "default", check: oneOf("default", "process", "hyperv") }),
  sysctl: map("string", { forceNew }),
  capAdds: list("string", { tf: "cap_add" }),
  capDrops: list("string", { tf: "cap_drop" }),
  init: bool({ computed }),
};

const taskSpec: Properties = {
  containerSpec: object(containerSpec, { required: true }),
  resources: object(
    {
      limits: object({ nanoCpus: int(), memoryBytes: int() }),
      reservation: object({
        nanoCpus: int(),
        memoryBytes: int(),
        genericResources: object({}, { unsupported }),
      }),
    },
    { computed },
  ),
  restartPolicy: object(
    {
      condition: string({ check: oneOf("none", "on-failure", "any") }),
      delay: string(duration),
      maxAttempts: int(natural),
      window: string(duration),
    },
    { computed },
  ),
  placement: object(
    {
      constraints: set(),
      prefs: set(),
      maxReplicas: int(natural),
      platforms: set({ architecture: string({ required: true }), os: string({ required: true }) }),
    },
    { computed },
  ),
  forceUpdate: int({ computed, ...natural }),
  runtime: string({ computed, check: oneOf("container") }),
  networksAdvanceds: set(
    {
      name: string({ forceNew }),
      id: string({ forceNew }),
      aliases: set("string", { forceNew }),
      driverOpts: set("string", { forceNew }),
    },
    { tf: "networks_advanced" },
  ),
  logDriver: object({ name: string({ required: true }), options: map() }),
};

const rollout = (): Property =>
  object({
    parallelism: int({ default: 1, ...natural }),
    delay: string({ default: "0s", ...duration }),
    failureAction: string({ default: "pause", check: oneOf("pause", "continue", "rollback") }),
    monitor: string({ default: "5s", ...duration }),
    maxFailureRatio: string({ default: "0.0", same: (left, right) => Number(left) === Number(right) }),
    order: string({ default: "stop-first", check: oneOf("stop-first", "start-first") }),
  });

/** The properties of `docker:index/service:Service`. */
export const serviceProperties: Properties = {
  name: string({ required: true, forceNew }),
  labels: set(labelProperties({ forceNew: false }), { computed }),
  taskSpec: object(taskSpec, { required: true }),
  mode: object(
    { replicated: object({ replicas: int({ default: 1, ...natural }) }, { computed }), global: bool() },
    { forceNew, computed },
  ),
  updateConfig: rollout(),
  rollbackConfig: rollout(),
  endpointSpec: object(
    {
      mode: string({ computed, check: oneOf("vip", "dnsrr") }),
      ports: list({
        name: string(),
        protocol: string({ default: "tcp", check: oneOf("tcp", "udp", "sctp") }),
        targetPort: int({ required: true }),
        publishedPort: int({ computed }),
        publishMode: string({ default: "ingress", check: oneOf("host", "ingress") }),
      }),
    },
    { computed },
  ),
  convergeConfig: object({
    delay: string({ default: "7s", ...duration }),
    timeout: string({ default: "3m", ...duration }),
  }),
  auth: object({}, { unsupported }),
};
