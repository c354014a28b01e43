import type * as pulumi from "@pulumi/pulumi";
import { UserError } from "../lib/errors.ts";
import { isRecord } from "../lib/validation/readers.ts";
import { canonical, type Plain } from "../model/content.ts";

/**
 * Changes what a component gives to a resource of its own, in place: arguments, options, or both. The arguments are a
 * copy in which maps and lists are plain; what stands in them may be an Output.
 *
 * It must give the same for the same arguments, and may be called more than once. Arguments by which others find the
 * resource, such as `name`, stay.
 *
 * @param name of the resource, without a hash that it may end in: `shop.web.1`
 */
export type Transform<A> = (args: Open<A>, opts: pulumi.CustomResourceOptions, name: string) => void;

type Later = Promise<unknown> | pulumi.OutputInstance<unknown>;

/** Arguments whose maps and lists are there, and can be changed. */
export type Open<V> = Opened<Exclude<V, Later>, V>;

type Opened<P, V> = [P] extends [string | number | boolean | undefined]
  ? V
  : P extends readonly (infer E)[]
    ? Open<E>[]
    : P extends object
      ? { -readonly [K in keyof P]: Open<P[K]> }
      : P;

/** What a resource is made of when a transform, if there is one, has changed it. @throws UserError when it gives something back */
export function transformed<A extends object>(
  transform: Transform<A> | undefined,
  name: string,
  args: A,
  opts: pulumi.CustomResourceOptions,
): [args: A, opts: pulumi.CustomResourceOptions] {
  if (transform === undefined) return [args, opts];
  const [newArgs, newOpts] = [copy(args), { ...opts }];
  const given: unknown = transform(newArgs as Open<A>, newOpts, name);
  if (typeof given === "object" && given !== null && given !== newArgs) {
    throw new UserError([`${name}: its transform gives something back; change the arguments that it gets instead`]);
  }
  return [newArgs, newOpts];
}

/**
 * What a transform changes of arguments, as plain data: a part of the name of what is named after all that it is.
 *
 * @param at says whose transform it is, for errors
 * @returns new values by their paths; undefined: it leaves the arguments as they are
 * @throws UserError for a new value that is known later only
 */
export function changeOf<A extends object>(
  transform: Transform<A> | undefined,
  at: string,
  name: string,
  args: A,
  opts: pulumi.CustomResourceOptions,
): Plain | undefined {
  if (transform === undefined) return undefined;
  const [after] = transformed(transform, name, args, opts);
  const known = new Map<unknown, string>();
  const changed: Record<string, Plain> = {};
  const describe = (value: unknown, path: string): Plain => {
    if (Array.isArray(value)) return value.map((each, index) => describe(each, `${path}[${index}]`));
    if (isMap(value)) return mapValues(value, (each, key) => describe(each, `${path}.${key}`));
    if (value === undefined || value === null) return null;
    if (typeof value !== "object" && typeof value !== "function") return value as Plain;
    const before = known.get(value);
    if (before !== undefined) return { before };
    throw new UserError([
      `${at} sets ${path.slice(1)} to what is known later only, and no name can be made of that; write a plain value (secrets belong in \`config\`)`,
    ]);
  };
  const compare = (before: unknown, now: unknown, path: string): void => {
    if (before === now) return;
    if (isMap(before) && isMap(now)) {
      for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
        compare(before[key], now[key], `${path}.${key}`);
      }
      return;
    }
    const is = describe(now, path);
    if (canonical(describe(before, path)) !== canonical(is)) changed[path.slice(1)] = is;
  };
  collect(args, "", known);
  compare(args, after, "");
  return Object.keys(changed).length === 0 ? undefined : changed;
}

/** Where there is what has no plain value. */
function collect(value: unknown, path: string, into: Map<unknown, string>): void {
  if (Array.isArray(value)) for (const [index, each] of value.entries()) collect(each, `${path}[${index}]`, into);
  else if (isMap(value)) for (const [key, each] of Object.entries(value)) collect(each, `${path}.${key}`, into);
  else if (typeof value === "object" && value !== null) into.set(value, path);
}

/** A copy of maps and lists; what else is there is the same, e.g. an Output. */
function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  return isMap(value) ? (mapValues(value, copy) as T) : value;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && !Array.isArray(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

function mapValues<T>(
  map: Readonly<Record<string, unknown>>,
  of: (value: unknown, key: string) => T,
): Record<string, T> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, of(value, key)]));
}
