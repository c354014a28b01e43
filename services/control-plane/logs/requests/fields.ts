/** A field of the router's line: nginx writes a dash for what it does not know. */
export function known(field: string | undefined): string {
  return field === undefined || field === "-" ? "" : field;
}

/** Of one or several attempts, `0.001, 0.002 : -`, the last one's. */
export function last(field: string | undefined): string {
  return (field ?? "").split(/[,:]/).at(-1)?.trim() ?? "";
}
