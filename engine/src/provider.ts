/** What a provider written in TypeScript needs: the contract, and a server that makes a plugin of it. */
export * from "./plugin/contract.ts";
export { diffProperties } from "./plugin/diff.ts";
export { servePlugin } from "./plugin/serve.ts";
export { type PropertyMap, type PropertyValue, Secret, Unknown } from "./values/values.ts";
