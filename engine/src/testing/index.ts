/**
 * A kit to test components and programs with: they run on the engine itself, with real steps and states, in memory.
 * Packages are simulated, so that nothing is made anywhere, or are real providers.
 */

export type { NodeProgram } from "../deploy/program-process.ts";
export type { DeploymentEvent, PendingOperation, ResourceState, Snapshot, StepOp } from "../deploy/types.ts";
export type { InlineProgram } from "../embed/inline.ts";
export type { AnyProgram } from "../embed/run.ts";
export { type PropertyMap, type PropertyValue, Secret, Unknown } from "../values/values.ts";
export { type Functions, type PackageRules, type ResourceRules, SimulatedProvider } from "./simulated-provider.ts";
export { type Kill, type TestRun, type TestRunOptions, TestStack, type TestStackOptions } from "./test-stack.ts";
export { type Moment, type Operation, World } from "./world.ts";
