import * as pulumi from "@pulumi/pulumi";
import type { Problems } from "../../lib/validation/problems.ts";
import { KEY } from "../../model/stack/keys.ts";

const MINIMUM_LENGTH = 16;

/**
 * The key that keeps config vars from being guessed from dynos' names: the argument, else `dynoform:key` of the
 * stack's configuration, read as a plain value because names are made of it.
 */
export function appKey(argument: string | undefined, problems: Problems): string | undefined {
  const key = argument ?? pulumi.runtime.allConfig()[KEY];
  // By standard input: an argument is for everybody on the machine to see while the command runs.
  const command = `openssl rand -hex 32 | pulumi config set --secret ${KEY} -s ${pulumi.getStack()}`;
  if (key === undefined || key === "") {
    problems.add(KEY, `is missing; npm run up and npx dynoform setup write it, or: ${command}`);
    return undefined;
  }
  if (key.length < MINIMUM_LENGTH) {
    problems.add(KEY, `has fewer than ${MINIMUM_LENGTH} characters; write a new one: ${command}`);
    return undefined;
  }
  return key;
}
