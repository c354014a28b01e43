/**
 * The patches of each minor version that the uv of package-managers/uv.txt downloads; the last is what `3.12` means
 * until this table changes. `uv python list --all-versions --only-downloads` shows them.
 */
export const UV_PATCHES: Readonly<Record<string, readonly number[]>> = {
  "3.9": [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25],
  "3.10": [0, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22],
  "3.11": [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
  "3.12": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  "3.13": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
  "3.14": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
};
