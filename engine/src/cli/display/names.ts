/** Resources' names and types as people read them. */

/** The name at the end of a URN; names may hold `::` themselves. */
export function resourceName(urn: string): string {
  return urn.split("::").slice(3).join("::");
}

/** `docker:index/service:Service` as `docker:index:Service`: the part after the slash says nothing new. */
export function shortType(type: string): string {
  const [pkg, module = "", name = ""] = type.split(":");
  const [folder, file] = module.split("/");
  if (file === undefined || name === "" || file !== name.charAt(0).toLowerCase() + name.slice(1)) return type;
  return `${pkg}:${folder}:${name}`;
}

export function isRootStack(urn: string): boolean {
  return urn.split("::")[2] === "pulumi:pulumi:Stack";
}
