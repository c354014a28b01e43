/** Labels of what a build makes. */
export const LABELS = {
  platform: "dynoform.platform",
  app: "dynoform.app",
  /** Of an image: everything that made it, as 64 hexadecimal digits. */
  key: "dynoform.key",
  /** Of an app's image: the id of the record of its build. */
  record: "dynoform.record",
  /** Of an image with packages: the Python in it, e.g. `3.9.2`. */
  python: "dynoform.python",
  /** Of an image with packages: which of `django` and `nltk` are among them. */
  modules: "dynoform.modules",
} as const;
