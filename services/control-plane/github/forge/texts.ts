/** Forges take 140 characters of a description. */
export function short(text: string): string {
  return text.length <= 140 ? text : `${text.slice(0, 139)}…`;
}

export function commonPrefix([first = "", ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}
