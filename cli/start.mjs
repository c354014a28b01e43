#!/usr/bin/env node
import { hand } from "./bootstrap.mjs";

await hand("cli/main.ts", process.argv.slice(2));
