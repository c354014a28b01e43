/** What a stack's new name changes in its state: every URN, and what refers to one. */
import { qualified, type StackName } from "./stack-name.ts";

interface RawCheckpoint {
  checkpoint: { stack: string; latest?: { resources?: object[]; pending_operations?: object[] } };
}

/** The checkpoint's text under the new name. Secrets are not looked into: a URN in one stays as it was. */
export function renameInCheckpoint(text: string, from: StackName, to: StackName): string {
  const file = JSON.parse(text) as RawCheckpoint;
  const rename = urnRenamer(from, to);
  const { latest } = file.checkpoint;
  file.checkpoint.stack = qualified(to);
  if (latest?.resources !== undefined) latest.resources = mapStrings(latest.resources, rename);
  if (latest?.pending_operations !== undefined)
    latest.pending_operations = mapStrings(latest.pending_operations, rename);
  return JSON.stringify(file);
}

/** Renames URNs and provider references of the stack; other strings stay. */
function urnRenamer(from: StackName, to: StackName): (text: string) => string {
  const [oldPrefix, newPrefix] = [from, to].map(({ project, stack }) => `urn:pulumi:${stack}::${project}::`) as [
    string,
    string,
  ];
  const [oldRoot, newRoot] = [from, to].map(({ project, stack }) => `pulumi:pulumi:Stack::${project}-${stack}`) as [
    string,
    string,
  ];
  return (text) => {
    if (!text.startsWith(oldPrefix)) return text;
    const rest = text.slice(oldPrefix.length);
    return newPrefix + (rest === oldRoot ? newRoot : rest);
  };
}

function mapStrings<T>(value: T, change: (text: string) => string): T {
  if (typeof value === "string") return change(value) as T;
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, change)])) as T;
}
