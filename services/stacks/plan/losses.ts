/** What holds things that users have stored. */
export type Holder = "database" | "schema" | "volume";

const HOLDERS: Readonly<Record<string, Holder>> = {
  "postgresql:index/database:Database": "database",
  "postgresql:index/schema:Schema": "schema",
  "docker:index/volume:Volume": "volume",
};

/** A resource that goes, or makes room for a new one. */
interface Going {
  readonly type: string;
  readonly old?: { readonly retainOnDelete?: boolean } | null;
}

/** What is lost when a resource goes; undefined: nothing that anybody has stored, or it is kept on the machine. */
export function lossOf({ type, old }: Going): Holder | undefined {
  return old?.retainOnDelete === true ? undefined : HOLDERS[type];
}
