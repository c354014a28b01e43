/** A deployment as it goes: a line for each step, and at its end diagnostics, outputs, counts and duration. */
import { stripVTControlCharacters } from "node:util";
import type { DeploymentEvent, DeploymentKind, DeploymentResult, StepMetadata, StepOp } from "../../deploy/types.ts";
import type { PropertyMap } from "../../values/values.ts";
import type { Terminal } from "../terminal.ts";
import { diffLines, diffSummary, outputLines } from "./diff.ts";
import { isRootStack, resourceName, shortType } from "./names.ts";
import { OPERATIONS } from "./operations.ts";
import { roundDuration, stepDuration } from "./time.ts";

interface DisplayOptions {
  readonly kind: DeploymentKind;
  readonly preview: boolean;
  readonly project: string;
  readonly stack: string;
  /** Show the properties that change, not only their names. */
  readonly diff: boolean;
  readonly suppressOutputs: boolean;
  readonly suppressProgress: boolean;
  /** Show lookups too; one that fails is always shown. */
  readonly showReads: boolean;
}

type Diagnostic = Extract<DeploymentEvent, { kind: "diagnostic" }>;

interface Row {
  readonly urn: string;
  op: StepOp;
  startedAt: number;
  status: string;
  /** What is being done, until it is done. */
  running?: string;
  /** What differs, as the last step that could tell said. */
  diff: string;
  failed: boolean;
  readonly diagnostics: Diagnostic[];
}

const TITLES: Readonly<Record<DeploymentKind, readonly [preview: string, real: string]>> = {
  update: ["Previewing update", "Updating"],
  refresh: ["Previewing refresh", "Refreshing"],
  destroy: ["Previewing destroy", "Destroying"],
};

export class ProgressDisplay {
  readonly #terminal: Terminal;
  readonly #options: DisplayOptions;
  readonly #rows = new Map<string, Row>();
  readonly #rootUrn: string;

  constructor(terminal: Terminal, options: DisplayOptions) {
    this.#terminal = terminal;
    this.#options = options;
    const { project, stack } = options;
    this.#rootUrn = `urn:pulumi:${stack}::${project}::pulumi:pulumi:Stack::${project}-${stack}`;
  }

  start(): void {
    const [preview, real] = TITLES[this.#options.kind];
    this.#terminal.line(`${this.#options.preview ? preview : real} (${this.#options.stack}):\n`);
  }

  event(event: DeploymentEvent): void {
    if (event.kind === "diagnostic") this.#diagnostic({ ...event, message: stripVTControlCharacters(event.message) });
    else if (event.metadata.internal !== true) this.#step(event.kind, event.metadata);
  }

  #step(kind: "resource-pre" | "resource-outputs" | "resource-failed", step: StepMetadata): void {
    const words = OPERATIONS[step.op];
    const row = this.#row(step.urn);
    const { preview } = this.#options;
    row.op = step.op;
    row.diff = diffSummary(step) || row.diff;
    if (kind === "resource-pre") {
      row.startedAt = Date.now();
      if (this.#isQuiet(step.op)) return;
      row.status = words.planned;
      if (!preview) row.running = words.running;
      this.#line(row, row.diff);
      if (this.#options.diff) for (const line of diffLines(step, "        ")) this.#plain(line);
    } else if (kind === "resource-outputs") {
      row.running = undefined;
      // The root stack's line comes last; in a preview a step was told when it was planned.
      if (isRootStack(step.urn)) return;
      row.status = preview || words.done === "" ? words.planned : `${words.done} (${this.#elapsed(row)})`;
      if (this.#isQuiet(step.op) || preview) return;
      this.#line(row, row.diff);
    } else {
      row.failed = true;
      row.running = undefined;
      row.status = `**${words.running} failed**`;
      this.#line(row, firstLine(row.diagnostics.findLast(({ severity }) => severity === "error")));
    }
  }

  #isQuiet(op: StepOp): boolean {
    return op === "same" || (op === "read" && !this.#options.showReads);
  }

  #diagnostic(event: Diagnostic): void {
    if (event.severity === "debug") return;
    const row = this.#row(event.urn || this.#rootUrn);
    if (event.severity === "error") row.failed = true;
    if (event.ephemeral !== true) row.diagnostics.push(event);
    if (event.message.trim() !== "") this.#line(row, firstLine(event));
  }

  #row(urn: string): Row {
    const known = this.#rows.get(urn);
    if (known !== undefined) return known;
    const status = isRootStack(urn) && !this.#options.preview ? "running" : "";
    const row: Row = { urn, op: "same", startedAt: Date.now(), status, diff: "", failed: false, diagnostics: [] };
    this.#rows.set(urn, row);
    return row;
  }

  #elapsed(row: Row): string {
    return stepDuration(Date.now() - row.startedAt);
  }

  #line(row: Row, note: string): void {
    if (this.#options.suppressProgress) return;
    const { sign, style } = OPERATIONS[row.op];
    const type = shortType(row.urn.split("::")[2]?.split("$").at(-1) ?? "");
    const status = row.running === undefined ? row.status : `${row.running} (${runningTime(row.startedAt)})`;
    const text = `${sign} ${type} ${resourceName(row.urn)} ${status} ${note}`;
    this.#terminal.line(style === undefined ? text : this.#terminal.style(style, text));
  }

  #plain(line: string): void {
    if (!this.#options.suppressProgress) this.#terminal.line(line);
  }

  /** @param oldOutputs the stack's outputs before */
  finish(result: DeploymentResult, oldOutputs: PropertyMap, milliseconds: number): void {
    this.#finalLines(result);
    this.#printDiagnostics();
    if (result.result === "succeeded") this.#printOutputs(result, oldOutputs);
    this.#printCounts(result);
    if (!this.#options.preview) this.#terminal.line(`Duration: ${roundDuration(milliseconds)}\n`);
  }

  #finalLines(result: DeploymentResult): void {
    const root = this.#row(this.#rootUrn);
    for (const row of this.#rows.values()) {
      if (row === root) continue;
      if (row.failed && !row.status.startsWith("**")) this.#line({ ...row, status: "**failed**" }, tally(row));
    }
    const { preview } = this.#options;
    if (preview && root.op !== "same" && root.diagnostics.length === 0 && !root.failed) return;
    if (result.result !== "succeeded") root.status = "**failed**";
    else if (root.op === "same") root.status = "";
    else root.status = preview ? OPERATIONS[root.op].planned : `${OPERATIONS[root.op].done} (${this.#elapsed(root)})`;
    this.#line(root, tally(root));
  }

  #printDiagnostics(): void {
    const rows = [...this.#rows.values()].filter(({ diagnostics }) => diagnostics.length > 0);
    if (rows.length === 0) return;
    this.#terminal.line(this.#terminal.style("bold", "Diagnostics:"));
    for (const row of rows) {
      const type = row.urn.split("::")[2]?.split("$").at(-1) ?? "";
      this.#terminal.line(`  ${shortType(type)} (${resourceName(row.urn)}):`);
      for (const [index, event] of row.diagnostics.entries()) {
        const text = prefixOf(event) + event.message.replace(/\n+$/, "");
        this.#terminal.line(this.#colored(event, text.replace(/^/gm, "    ")));
        // What a program printed stays together.
        const next = row.diagnostics[index + 1];
        if (next === undefined || !isOutput(event) || !isOutput(next)) this.#terminal.line();
      }
    }
  }

  #colored(event: Diagnostic, text: string): string {
    if (event.severity === "error") return this.#terminal.style("red", text);
    return event.severity === "warning" ? this.#terminal.style("yellow", text) : text;
  }

  #printOutputs(result: DeploymentResult, oldOutputs: PropertyMap): void {
    if (this.#options.suppressOutputs || this.#options.kind === "destroy" || result.outputs === undefined) return;
    const lines = outputLines(oldOutputs, result.outputs, this.#options.preview);
    if (lines.length === 0) return;
    this.#terminal.line(`${this.#terminal.style("bold", "Outputs:")}\n${lines.join("\n")}\n`);
  }

  #printCounts(result: DeploymentResult): void {
    const { preview } = this.#options;
    const lines: string[] = [];
    let changes = 0;
    for (const [op, { counted }] of Object.entries(OPERATIONS) as [StepOp, (typeof OPERATIONS)[StepOp]][]) {
      const count = result.changes[op] ?? 0;
      if (count === 0 || counted === undefined) continue;
      changes += count;
      lines.push(`    ${counted.sign}${count} ${preview ? counted.planned : counted.done}`);
    }
    const same = result.changes.same ?? 0;
    const total = [...(lines.length > 1 ? [`${changes} changes`] : []), ...(same > 0 ? [`${same} unchanged`] : [])];
    if (total.length > 0) lines.push(`    ${total.join(". ")}`);
    const errors = [...this.#rows.values()].filter(({ failed }) => failed).length;
    if (errors > 0) lines.push(`    ${errors} errored`);
    this.#terminal.line(`${this.#terminal.style("bold", "Resources:")}\n${lines.join("\n")}\n`);
  }
}

/** How long a step takes by now, in whole seconds: it began with 0. */
function runningTime(startedAt: number): string {
  return `${Math.floor((Date.now() - startedAt) / 1000)}s`;
}

/** Lines that a program wrote by itself. */
function isOutput(event: Diagnostic): boolean {
  return event.severity === "info" || event.severity === "info#err";
}

function prefixOf(event: Diagnostic): string {
  return event.prefix ?? (isOutput(event) ? "" : `${event.severity}: `);
}

function firstLine(event: Diagnostic | undefined): string {
  if (event === undefined) return "";
  return prefixOf(event) + (event.message.split("\n").find((line) => line.trim() !== "") ?? "");
}

/** "1 error; 2 warnings; 5 messages". */
function tally({ diagnostics }: Row): string {
  const kinds: readonly [string, (event: Diagnostic) => boolean][] = [
    ["error", ({ severity }) => severity === "error"],
    ["warning", ({ severity }) => severity === "warning"],
    ["message", isOutput],
  ];
  const parts = kinds.flatMap(([name, test]) => {
    const count = diagnostics.filter(test).length;
    return count === 0 ? [] : [`${count} ${name}${count === 1 ? "" : "s"}`];
  });
  return parts.join("; ");
}
