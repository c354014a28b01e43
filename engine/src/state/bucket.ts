/**
 * Where a backend keeps its records: bytes by key, such as `stacks/<project>/<stack>.json`. Each write is whole, or it
 * has not happened.
 */
export interface Bucket {
  /** The backend's URL as people may see it: without a password. */
  readonly shown: string;

  /** Makes the place itself, where it is missing. */
  prepare(): Promise<void>;

  /** The keys below a folder, relative to it and sorted. */
  list(folder: string): Promise<string[]>;

  /** Undefined: there is no such record. */
  read(key: string): Promise<Buffer | undefined>;

  /** When each was last written; undefined: there is no such record. */
  modified(keys: readonly string[]): Promise<readonly (Date | undefined)[]>;

  write(key: string, content: string | Buffer): Promise<void>;

  /**
   * Writes a record, and keeps what it said before as `<key>.bak`.
   *
   * @param obsolete other records that say the same, and are removed
   */
  replace(key: string, content: string, obsolete: readonly string[]): Promise<void>;

  /** What is not there is not copied. */
  copy(from: string, to: string): Promise<void>;

  /** Gives a record another key. What is not there is left so. */
  rename(from: string, to: string): Promise<void>;

  /** What is not there is left so. */
  remove(...keys: readonly string[]): Promise<void>;

  /** Removes all below a folder. */
  removeAll(folder: string): Promise<void>;

  /** How `pulumi stack import --file` is told a record. */
  place(key: string): string;
}
