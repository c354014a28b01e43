import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { UserError } from "../../lib/errors.ts";
import { packageRoot } from "../../lib/package-root.ts";
import { type Planned, plannedOf, type StepMetadata } from "./plan/planned.ts";
import { PulumiFailure, reasonOf } from "./reasons.ts";
import { endAfter, timeLimitOf } from "./time-limit.ts";

/** A `pulumi` command that ended with another exit code than 0. The cause comes first in its message. */
export class PulumiError extends PulumiFailure {
  readonly exitCode: number;
  /** What it printed, where it was not shown as it came. */
  readonly output: string;

  /** @param reasons what its events say; where they say nothing, what it printed is looked through */
  constructor(args: readonly string[], exitCode: number, output: string, reasons: readonly string[] = []) {
    super(explain(args, exitCode, output.trim(), reasons), reasonOf([output, ...reasons].join("\n")));
    this.exitCode = exitCode;
    this.output = output;
  }
}

function explain(args: readonly string[], exitCode: number, said: string, reasons: readonly string[]): string {
  const failed = `\`pulumi ${args.join(" ")}\` failed (exit code ${exitCode})`;
  if (said === "") {
    const [first] = reasons[0]?.split("\n", 1) ?? [];
    return first === undefined ? `${failed}; the reason stands above` : `${first}\n${failed}; more stands above`;
  }
  const causes = [...new Set(reasons.length > 0 ? reasons : errorsIn(said))];
  return causes.length > 0 ? causes.join("\n") : `${failed}:\n${said}`;
}

/** The lines that say what is wrong, where no event does. */
function errorsIn(said: string): string[] {
  return [...said.matchAll(/^\s*error: (.+)$/gm)].flatMap(([, text = ""]) => (isEmptyReason(text) ? [] : [text]));
}

/** What Pulumi says at the end of whatever failed. */
function isEmptyReason(text: string): boolean {
  return /^(update|preview|destroy|refresh) failed$/.test(text);
}

/** What an `up` or a `destroy` did, or would do. */
export interface Outcome {
  /** Resources by operation, as Pulumi counts them: `{ same: 12, create: 1 }`. */
  readonly changes: Readonly<Record<string, number>>;
  /** The steps that were no "same": operation, type and name. */
  readonly steps: readonly { readonly op: string; readonly type: string; readonly name: string }[];
  /** The stack's outputs; secrets are masked. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What resources warned of: the first line of each says what. */
  readonly warnings: readonly string[];
  /** Of a preview: what would be done to each resource, and why. */
  readonly planned?: readonly Planned[];
}

/** How many resources an outcome changed. */
export function changed(outcome: Pick<Outcome, "changes">): number {
  return Object.entries(outcome.changes).reduce((sum, [op, count]) => (op === "same" ? sum : sum + count), 0);
}

/** A resource as a stack's state has it. */
export interface StateResource {
  readonly type: string;
  readonly urn: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** A stack that the backend knows. */
interface StackSummary {
  readonly name: string;
  readonly resourceCount?: number;
}

export interface EngineOptions {
  /** The folder of Pulumi.yaml. */
  readonly directory: string;
  /** Over the process' own environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Gets what deployments and previews print as it comes; by default it goes where our own output goes. */
  readonly display?: (text: string) => void;
}

/** What the engine's event log has, as far as we read it (Pulumi's `apitype.EngineEvent`). */
interface EngineEvent {
  readonly diagnosticEvent?: { readonly severity: string; readonly message: string; readonly ephemeral?: boolean };
  readonly summaryEvent?: { readonly resourceChanges?: Record<string, number>; readonly isPreview?: boolean };
  readonly resOutputsEvent?: { readonly metadata: StepMetadata };
}

/**
 * The one place where our tools run Pulumi: the `pulumi` command of this package, which is the real
 * CLI where there is one and the embedded engine otherwise.
 */
export class Engine {
  readonly #options: EngineOptions;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  up(stack: string, args: readonly string[] = []): Promise<Outcome> {
    return this.#deploy(stack, ["up", "--yes", "--skip-preview", "--stack", stack, ...args]);
  }

  /** Reads again what is there. */
  refresh(stack: string): Promise<Outcome> {
    return this.#deploy(stack, ["refresh", "--yes", "--skip-preview", "--stack", stack]);
  }

  destroy(stack: string, args: readonly string[] = []): Promise<Outcome> {
    return this.#deploy(stack, ["destroy", "--yes", "--skip-preview", "--stack", stack, ...args]);
  }

  /** What an `up` would do. */
  preview(stack: string, args: readonly string[] = []): Promise<Outcome> {
    return this.#deploy(stack, ["preview", "--stack", stack, ...args]);
  }

  /** What a `destroy` would do. */
  previewDestroy(stack: string, args: readonly string[] = []): Promise<Outcome> {
    return this.#deploy(stack, ["destroy", "--preview-only", "--stack", stack, ...args]);
  }

  async version(): Promise<string> {
    return (await this.run(["version"])).trim();
  }

  async stacks(): Promise<StackSummary[]> {
    return JSON.parse(await this.run(["stack", "ls", "--json"]));
  }

  /** @param options `select`: commands that name no stack take this one from now on; the default */
  async init(stack: string, options: { select?: boolean } = {}): Promise<void> {
    await this.run(["stack", "init", stack, ...(options.select === false ? ["--no-select"] : [])]);
  }

  /** Forgets a stack, with what its state still names if `force`; its settings file stays. */
  async remove(stack: string, options: { force?: boolean } = {}): Promise<void> {
    await this.run(["stack", "rm", stack, "--yes", "--preserve-config", ...(options.force ? ["--force"] : [])]);
  }

  /** Writes a secure value. It goes through standard input: arguments can be read by everyone on the machine. */
  async setSecret(stack: string, key: string, value: string): Promise<void> {
    await this.run(["config", "set", "--secret", key, "--stack", stack], value);
  }

  async outputs(stack: string, options: { showSecrets?: boolean } = {}): Promise<Record<string, unknown>> {
    const secrets = options.showSecrets === true ? ["--show-secrets"] : [];
    return JSON.parse(await this.run(["stack", "output", "--json", "--stack", stack, ...secrets]));
  }

  /** What a stack's state holds; secrets are encrypted. */
  async resources(stack: string): Promise<StateResource[]> {
    const exported = JSON.parse(await this.run(["stack", "export", "--stack", stack]));
    return exported.deployment?.resources ?? [];
  }

  /** Runs any command, gives back what it printed on standard output and fails with all of what it printed. */
  async run(args: readonly string[], input = ""): Promise<string> {
    const child = this.#spawn(args, ["pipe", "pipe", "pipe"]);
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    // A command that ends without reading closes the pipe under us; its exit code tells why.
    child.stdin?.on("error", () => {}).end(input);
    const code = await ended(child);
    if (code !== 0) throw new PulumiError(args, code, `${stdout}${stderr}`);
    return stdout;
  }

  async #deploy(stack: string, args: readonly string[]): Promise<Outcome> {
    const limit = await timeLimitOf(stack, this.#options.directory);
    const folder = await mkdtemp(join(tmpdir(), "dynoform-events-"));
    try {
      const log = join(folder, "events.jsonl");
      const { display } = this.#options;
      const child = this.#spawn([...args, "--event-log", log], display ? ["ignore", "pipe", "pipe"] : "inherit");
      let output = "";
      const show = (text: string) => {
        output += text;
        display?.(text);
      };
      child.stdout?.setEncoding("utf8").on("data", show);
      child.stderr?.setEncoding("utf8").on("data", show);
      const timer = limit && endAfter(child, limit);
      const code = await ended(child).finally(() => timer?.stop());
      if (limit !== undefined && timer?.isExpired() === true) {
        // Where it had to be killed its lock is left; where not, there is none to take away.
        await this.run(["cancel", stack, "--yes"]).catch(() => {});
        throw new UserError(limit.problem);
      }
      const events = await readFile(log, "utf8").catch(() => "");
      if (code !== 0) throw new PulumiError(args, code, output, diagnosed(events, "error"));
      return outcomeOf(events);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #spawn(args: readonly string[], stdio: "inherit" | ("pipe" | "ignore")[]): ChildProcess {
    const bin = join(packageRoot(), "engine", "bin", "pulumi.mjs");
    const interactive = stdio === "inherit" && process.stdout.isTTY;
    return spawn(process.execPath, [bin, ...args, ...(interactive ? [] : ["--non-interactive"])], {
      cwd: this.#options.directory,
      stdio,
      env: {
        ...process.env,
        PULUMI_SKIP_UPDATE_CHECK: "true",
        // The real CLI has `--event-log` only among its debugging commands.
        PULUMI_DEBUG_COMMANDS: "true",
        ...this.#options.env,
      },
    });
  }
}

/** @param log lines of the engine's events */
export function outcomeOf(log: string): Outcome {
  let changes: Record<string, number> = {};
  let outputs: Record<string, unknown> = {};
  const steps: { op: string; type: string; name: string }[] = [];
  const all: StepMetadata[] = [];
  let isPreview = false;
  for (const line of log.split("\n").filter(Boolean)) {
    const event: EngineEvent = JSON.parse(line);
    changes = event.summaryEvent?.resourceChanges ?? changes;
    isPreview ||= event.summaryEvent?.isPreview === true;
    const step = event.resOutputsEvent?.metadata;
    if (step === undefined) continue;
    all.push(step);
    if (step.type === "pulumi:pulumi:Stack") outputs = step.new?.outputs ?? outputs;
    // Providers are Pulumi's own matter, as in its counts.
    else if (step.op !== "same" && !step.type.startsWith("pulumi:providers:"))
      steps.push({ op: step.op, type: step.type, name: nameOf(step.urn) });
  }
  const warnings = diagnosed(log, "warning");
  return { changes, outputs, steps, warnings, ...(isPreview && { planned: plannedOf(all) }) };
}

/** Lines that are kept of each thing that a deployment says. */
const LINES = 30;

/**
 * What a deployment's resources say is wrong, in the words of whoever found it.
 *
 * @param log lines of the engine's events
 */
export function diagnosed(log: string, severity: "error" | "warning"): string[] {
  return log.split("\n").flatMap((line) => {
    // The last line of one that was killed is cut.
    const event = line.includes('"diagnosticEvent"') ? parsed(line)?.diagnosticEvent : undefined;
    if (event?.severity !== severity || event.ephemeral === true) return [];
    // Colours are marks that whoever shows it makes colours of.
    const text = plain(stripVTControlCharacters(event.message.replace(/<\{%.*?%\}>/g, "")));
    return isEmptyReason(text) ? [] : [text.split("\n").slice(0, LINES).join("\n")];
  });
}

/** Without what Pulumi and its bridged plugins put around the reason: whose it is stands beside it already. */
function plain(text: string): string {
  return (
    text
      .replace(/^(creating|updating|deleting|reading|refreshing|importing) urn:\S+: /, "")
      .replace(/^1 error occurred:\s*\* /, "")
      // Of a program in which a promise failed that several outputs follow from.
      .replace(/^(error serializing property "[^"]*": )+/, "")
      .trimEnd()
  );
}

function parsed(line: string): EngineEvent | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** `urn:pulumi:<stack>::<project>::<type>::<name>`; a name may hold `::` itself. */
function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 130));
  });
}
