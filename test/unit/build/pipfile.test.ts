import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "smol-toml";
import { pipfileHash } from "../../../sources/package-managers/pipfile.ts";

/** Pipfiles with the hashes that Pipenv 2026.10 computes for them. */
const HASHES: Readonly<Record<string, string>> = {
  '[packages]\nrequests = "*"\nurllib3 = "*"\n': "532fd3d99d62a27d9a4aa240e5bba2b603d80c5d23131fa2de9923023a4d7455",
  [`[[source]]
url = "https://pypi.org/simple"
verify_ssl = true
name = "pypi"

[packages]
requests = "*"
six = {version = ">=1.16", extras = [], markers = "python_version >= '3.6'"}

[dev-packages]
pytest = "*"

[requires]
python_version = "3.11"
`]: "d032f66ad862e1a76407c0f92babc577364e2ff66f3f2bb41b5514c2d2e6d105",
  [`[packages]
"zope.interface" = {git = "https://example.org/é.git", ref = "main", editable = true}

[docs]
sphinx = "~=7.0"

[scripts]
serve = "flask run"

[pipenv]
allow_prereleases = true
`]: "7da3b0c282b14fe7070c9386c6a6dd66ac82809c9c2988f012ee6d71a39392ee",
};

for (const [text, hash] of Object.entries(HASHES)) {
  test(`the hash of ${JSON.stringify(text.slice(0, 50))}… is Pipenv's`, () =>
    assert.equal(pipfileHash(parse(text)), hash));
}
