/** The engine in a process of one's own. */
export { deploy } from "./deploy/deploy.ts";
export type * from "./deploy/types.ts";
export type { InlineProgram } from "./embed/inline.ts";
export type { AnyProgram, Deployed } from "./embed/run.ts";
export { type Config, Stack, type StackOptions, type StackSettings } from "./embed/stack.ts";
export type { Provider } from "./plugin/contract.ts";
export { UserError } from "./state/errors.ts";
export { IntegrityError } from "./state/integrity.ts";
export { type PropertyMap, type PropertyValue, Secret, Unknown } from "./values/values.ts";
