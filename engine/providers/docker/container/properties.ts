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
/** Left empty, the image's own is taken. */
const imageDefault = { same: (_old: string, value: string) => value === "" };

const texts = (tf?: string): Property => set("string", { forceNew, ...(tf && { tf }) });
const throttle = (): Property =>
  set({ path: string({ required: true }), rate: int({ required: true, ...natural }) }, { forceNew });

/**
 * The properties of `docker:index/container:Container`. What Docker cannot change in place is `forceNew`, also where
 * the real provider says "update" and then changes nothing (rm, healthcheck, tmpfs, init, device limits).
 */
export const containerProperties: Properties = {
  name: string({ required: true, forceNew }),
  image: string({ required: true, forceNew }),
  command: list("string", { forceNew, computed }),
  entrypoints: list("string", { tf: "entrypoint", forceNew, computed }),
  envs: set("string", { tf: "env", forceNew, computed }),
  labels: set(labelProperties({ forceNew }), { forceNew, computed }),
  user: string({ forceNew, ...imageDefault }),
  workingDir: string({ forceNew, ...imageDefault }),
  hostname: string({ forceNew, computed }),
  domainname: string({ forceNew }),
  groupAdds: texts("group_add"),
  tty: bool({ forceNew }),
  stdinOpen: bool({ forceNew }),
  init: bool({ forceNew, computed }),
  healthcheck: object(
    { ...healthcheckProperties, startInterval: string({ default: "0s", ...duration }) },
    { forceNew, computed },
  ),

  start: bool({ default: true }),
  mustRun: bool({ default: true }),
  wait: bool({ default: false }),
  waitTimeout: int({ default: 60 }),
  containerReadRefreshTimeoutMilliseconds: int({ default: 15_000 }),
  restart: string({ default: "no", check: oneOf("no", "on-failure", "always", "unless-stopped") }),
  maxRetryCount: int(),
  rm: bool({ forceNew }),
  removeVolumes: bool({ default: true }),
  destroyGraceSeconds: int(),
  stopSignal: string({ forceNew, computed }),
  stopTimeout: int({ forceNew, computed }),

  memory: int(natural),
  memoryReservation: int(natural),
  memorySwap: int({ check: atLeast(-1) }),
  shmSize: int({ forceNew, computed, ...natural }),
  cpuShares: int(natural),
  cpuSet: string(),
  cpuPeriod: int(natural),
  cpuQuota: int(natural),
  cpus: string({ forceNew }),
  deviceReadBps: throttle(),
  deviceReadIops: throttle(),
  deviceWriteBps: throttle(),
  deviceWriteIops: throttle(),
  ulimits: set(
    {
      name: string({ required: true, forceNew }),
      soft: int({ required: true, forceNew }),
      hard: int({ required: true, forceNew }),
    },
    { tf: "ulimit", forceNew },
  ),

  networkMode: string({ default: "bridge", forceNew }),
  networksAdvanced: set(
    {
      name: string({ required: true, forceNew }),
      aliases: texts(),
      ipv4Address: string({ forceNew }),
      ipv6Address: string({ forceNew }),
      linkLocalIps: texts(),
      macAddress: string({ forceNew }),
      driverOpts: texts(),
      gwPriority: int({ forceNew, ...natural }),
    },
    { forceNew },
  ),
  ports: list(
    {
      internal: int({ required: true, forceNew }),
      external: int({ forceNew, computed }),
      ip: string({ default: "0.0.0.0", forceNew }),
      protocol: string({ default: "tcp", forceNew }),
    },
    { forceNew },
  ),
  publishAllPorts: bool({ forceNew }),
  dns: texts(),
  dnsOpts: texts(),
  dnsSearches: texts("dns_search"),
  hosts: set(
    { ip: string({ required: true, forceNew }), host: string({ required: true, forceNew }) },
    { tf: "host", forceNew },
  ),

  volumes: set(
    {
      fromContainer: string({ forceNew }),
      containerPath: string({ forceNew }),
      hostPath: string({ forceNew }),
      volumeName: string({ forceNew }),
      readOnly: bool({ forceNew }),
      selinuxRelabel: string({ forceNew, check: oneOf("z", "Z") }),
    },
    { forceNew },
  ),
  mounts: set(mountProperties({}), { forceNew }),
  tmpfs: map("string", { forceNew }),
  readOnly: bool({ forceNew }),
  storageOpts: map("string", { forceNew }),
  devices: set(
    {
      hostPath: string({ required: true, forceNew }),
      containerPath: string({ forceNew }),
      permissions: string({ default: "rwm", forceNew }),
    },
    { forceNew },
  ),
  uploads: set({}, { tf: "upload", unsupported }),

  privileged: bool({ forceNew }),
  capabilities: object(
    { adds: texts("add"), drops: texts("drop") },
    // Terraform's block is a set of one.
    { forceNew, planned: true },
  ),
  securityOpts: set("string", { forceNew, computed }),
  sysctls: map("string", { forceNew }),
  runtime: string({ forceNew, computed }),
  platform: string({ forceNew, computed, same: (old, value) => old !== "" && value.split("/")[0] === old }),
  ipcMode: string({ forceNew, computed }),
  pidMode: string({ forceNew }),
  usernsMode: string({ forceNew }),
  cgroupnsMode: string({ forceNew }),
  cgroupParent: string({ forceNew }),
  logDriver: string({ forceNew, computed }),
  logOpts: map("string", { forceNew }),

  attach: bool({ unsupported }),
  logs: bool({ unsupported }),
  gpus: string({ unsupported }),
  deviceRequests: set({}, { unsupported }),

  bridge: string({ output: true }),
  containerLogs: string({ output: true }),
  exitCode: int({ output: true }),
  networkDatas: list(
    {
      networkName: string({ output: true }),
      ipAddress: string({ output: true }),
      ipPrefixLength: int({ output: true }),
      gateway: string({ output: true }),
      globalIpv6Address: string({ output: true }),
      globalIpv6PrefixLength: int({ output: true }),
      ipv6Gateway: string({ output: true }),
      macAddress: string({ output: true }),
    },
    { tf: "network_data", output: true },
  ),
};
