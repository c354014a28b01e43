export type { FunctionDefinition, ResourceDefinition, ResourceState } from "./definition.ts";
export { diffInputs } from "./diff.ts";
export { providerOf } from "./provider.ts";
export {
  anyText,
  boolean,
  either,
  integer,
  list,
  map,
  number,
  object,
  oneOf,
  type Shape,
  text,
  type ValueOf,
  type ValuesOf,
  withDefault,
} from "./shape.ts";
