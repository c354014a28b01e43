#!/usr/bin/env node
// node cli/run.mjs MODULE [ARGS…]: runs one of our TypeScript modules with everything it needs in place.
import { hand } from "./bootstrap.mjs";

const [module = "", ...args] = process.argv.slice(2);
await hand(module, args);
