/** What a source archive may have at most. */
export interface Limits {
  /** Bytes, as it is sent. */
  readonly packed: number;
  /** Bytes, unpacked, headers and all. */
  readonly unpacked: number;
  /** Files, folders and links. */
  readonly entries: number;
  /** Bytes of a path, and of what a link names. */
  readonly path: number;
  /** Folders within folders. */
  readonly depth: number;
}

export const LIMITS: Limits = {
  packed: 256 * 1024 * 1024,
  unpacked: 1024 * 1024 * 1024,
  entries: 100_000,
  path: 4096,
  depth: 100,
};
