import assert from "node:assert/strict";
import { test } from "node:test";
import { debianLike } from "../../../cli/setup/apt.ts";

test("Debian, Ubuntu and what is like them have docker.io", () => {
  assert.equal(debianLike('NAME="Debian GNU/Linux"\nID=debian\n'), true);
  assert.equal(debianLike("ID=ubuntu\nID_LIKE=debian\n"), true);
  assert.equal(debianLike('ID=linuxmint\nID_LIKE="ubuntu debian"\n'), true);
});

test("others do not", () => {
  assert.equal(debianLike('ID="fedora"\nHOME_URL="https://debian.org/"\n'), false);
  assert.equal(debianLike(""), false);
});
