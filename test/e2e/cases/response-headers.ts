import assert from "node:assert/strict";
import type { Case } from "../../support/cases.ts";

export const cases: readonly Case[] = [
  {
    name: "big-response-headers",
    folder: "05-big-response-headers",
    async check(app) {
      for (const sizes of ["1000", "3500", "4000", "4093", "4093,4093", "8000", "4000,4000,4000,4000"]) {
        assert.equal((await app.fetch(`/cookies?sizes=${sizes}`)).status, 200, sizes);
      }
    },
  },
];
