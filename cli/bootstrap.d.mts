/** What npm says of a package, by its path below the root. */
type Packages = Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>;

export const root: string;
export function hand(module: string, args: readonly string[]): Promise<never>;
export function isCurrent(lock: Packages, installed: Packages): boolean;
