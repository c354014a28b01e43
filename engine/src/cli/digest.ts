/** `preview --json`: one document about everything that would happen. */
import type { DeploymentEvent, DeploymentResult, ResourceState, StepMetadata } from "../deploy/types.ts";
import { encodeResource } from "../state/resource-json.ts";
import { plainJson } from "../state/sealed-json.ts";
import { isRootStack } from "./display/names.ts";

export class PreviewDigest {
  readonly #config: Readonly<Record<string, string>>;
  readonly #steps: object[] = [];
  readonly #diagnostics: object[] = [];

  /** @param config values by full key, secrets masked */
  constructor(config: Readonly<Record<string, string>>) {
    this.#config = config;
  }

  event(event: DeploymentEvent): void {
    if (event.kind === "diagnostic") {
      const {
        urn,
        severity,
        message,
        prefix = severity === "error" || severity === "warning" ? `${severity}: ` : "",
      } = event;
      if (event.ephemeral === true || severity === "debug") return;
      this.#diagnostics.push({ ...(urn ? { urn } : {}), message: prefix + message, severity });
    } else if (event.kind === "resource-pre" && event.metadata.internal !== true) {
      const { op, urn } = event.metadata;
      if (op !== "same" || isRootStack(urn)) this.#steps.push(stepJson(event.metadata));
    }
  }

  /** The document's text. */
  finish(result: DeploymentResult, milliseconds: number): string {
    const digest = {
      ...(Object.keys(this.#config).length === 0 ? {} : { config: this.#config }),
      steps: this.#steps,
      ...(this.#diagnostics.length === 0 ? {} : { diagnostics: this.#diagnostics }),
      duration: Math.round(milliseconds * 1e6),
      changeSummary: result.changes,
      ...(result.maybeCorrupt ? { maybeCorrupt: true } : {}),
    };
    return JSON.stringify(digest, null, 4);
  }
}

function stepJson(step: StepMetadata): object {
  return {
    op: step.op,
    urn: step.urn,
    ...(step.provider === "" ? {} : { provider: step.provider }),
    ...(step.old === undefined ? {} : { oldState: stateJson(step.old) }),
    ...(step.new === undefined ? {} : { newState: stateJson(step.new) }),
    ...(step.diffs?.length ? { diffReasons: step.diffs } : {}),
    ...(step.keys?.length ? { replaceReasons: step.keys } : {}),
    detailedDiff: step.detailedDiff ?? null,
  };
}

function stateJson(state: ResourceState): unknown {
  return plainJson(JSON.parse(encodeResource(state, () => ({ ciphertext: "" }))), undefined);
}
