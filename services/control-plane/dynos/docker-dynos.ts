import type Docker from "dockerode";
import type { DynoContainer } from "../types.ts";

/** Set by Swarm on every container it makes. */
const SERVICE_LABEL = "com.docker.swarm.service.name";

/** A dyno's container and what only the dyno manager asks about it. */
export interface KnownDyno extends DynoContainer {
  /** The Procfile's command; undefined when it could not be read. */
  readonly command: string | undefined;
  /** Docker does not know when it ended, as after a crash of the machine: `finishedAt` is when that was found. */
  readonly endUnknown: boolean;
  /** Its processes are frozen: it naps. */
  readonly paused: boolean;
  /** Its address on the platform's network; undefined when Docker did not say. */
  readonly address: string | undefined;
}

/** What Docker's events say of a container. */
export interface DockerEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly timeNano: number;
}

export function isRunning(dyno: DynoContainer): boolean {
  return dyno.startedAt !== undefined && dyno.finishedAt === undefined;
}

/** A container as Docker describes it; undefined: no dyno's. `now` in milliseconds since 1970. */
export function fromInspection(found: Docker.ContainerInspectInfo, now: number): KnownDyno | undefined {
  const names = namesFrom(found.Config.Labels ?? {});
  if (names === undefined) return undefined;
  const { State } = found;
  const startedAt = time(State.StartedAt);
  const ended = !State.Running && startedAt !== undefined;
  const end = time(State.FinishedAt);
  // The end of an earlier run is none of this one.
  const endUnknown = ended && (end === undefined || end < startedAt);
  return {
    container: found.Id,
    ...names,
    command: found.Config.Cmd?.join(" "),
    startedAt,
    finishedAt: ended ? (endUnknown ? now : end) : undefined,
    endUnknown,
    paused: State.Running && State.Paused,
    address: found.NetworkSettings.Networks[found.Config.Labels["dynoform.platform"] ?? ""]?.IPAddress || undefined,
    exitCode: ended ? State.ExitCode : undefined,
    outOfMemory: State.OOMKilled,
  };
}

/**
 * What an event tells by itself, for a container that was removed before it could be asked for.
 *
 * @param before what was known of it
 */
export function fromEvent(event: DockerEvent, before: KnownDyno | undefined): KnownDyno | undefined {
  const { ID, Attributes } = event.Actor;
  const names = namesFrom(Attributes);
  if (names === undefined) return undefined;
  const at = Math.floor(event.timeNano / 1e6);
  const known = before ?? {
    container: ID,
    ...names,
    command: undefined,
    startedAt: at,
    finishedAt: undefined,
    endUnknown: false,
    paused: false,
    address: undefined,
    exitCode: undefined,
    outOfMemory: false,
  };
  if (isPause(event)) return { ...known, paused: event.Action === "pause" };
  if (event.Action === "start") return { ...known, startedAt: at, finishedAt: undefined, exitCode: undefined };
  const exitCode = Attributes.exitCode === undefined ? known.exitCode : Number(Attributes.exitCode);
  return { ...known, startedAt: known.startedAt ?? at, finishedAt: known.finishedAt ?? at, exitCode };
}

/** Whether a container was frozen or thawed, which is neither its start nor its end. */
export function isPause({ Action }: DockerEvent): boolean {
  return Action === "pause" || Action === "unpause";
}

function namesFrom(
  labels: Readonly<Record<string, string>>,
): Pick<DynoContainer, "app" | "dyno" | "type" | "size" | "service"> | undefined {
  const app = labels["dynoform.app"];
  const dyno = labels["dynoform.dyno"];
  if (app === undefined || dyno === undefined) return undefined;
  return {
    app,
    dyno,
    type: labels["dynoform.type"] ?? dyno.replace(/\..*$/, ""),
    // Dynos made before sizes were labels are of the size that is the default.
    size: labels["dynoform.size"] ?? "free",
    service: labels[SERVICE_LABEL],
  };
}

/** Docker writes the year 1 for what has not been yet. */
function time(text: string | undefined): number | undefined {
  const at = Date.parse(text ?? "");
  return at > 0 ? at : undefined;
}
