/** What `uv init` and `uv lock` leave, without the lock's content. */
export const UV = { ".python-version": "3.13\n", "pyproject.toml": '[project]\nname = "greeter"\n', "uv.lock": "" };
/** Of two packages. */
export const PIPFILE = '[packages]\nrequests = "*"\nurllib3 = "*"\n';
/** The hash that Pipenv 2026.10 writes for this Pipfile. */
const HASH = "532fd3d99d62a27d9a4aa240e5bba2b603d80c5d23131fa2de9923023a4d7455";
/** A Pipfile.lock of these packages, as a text. */
export const lock = (packages: object, hash = HASH) =>
  JSON.stringify({ _meta: { hash: { sha256: hash } }, default: packages });
/** Packages as Pipenv pins them. */
export const PINNED = {
  requests: { version: "==2.34.2", hashes: ["sha256:aa", "sha256:bb"], markers: "python_version >= '3.10'" },
};
