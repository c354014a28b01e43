import { releaseEntry } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { either, list, map, object, orNull, text, time, uuid, whole } from "../schema.ts";

export const releases: Operations = {
  "GET /apps/:app/slugs/:slug": {
    summary: "What ran in a release",
    answer: object({ id: uuid, commit: orNull(text), created_at: time, process_types: map(text) }),
  },
  "GET /apps/:app/releases": {
    summary: "List releases; the header Range pages and sorts",
    answer: list(releaseEntry),
    paged: true,
  },
  "POST /apps/:app/releases": {
    summary: "Go back to a release",
    body: object({ release: either(text, whole) }),
    example: { release: "v1" },
    status: 201,
    answer: releaseEntry,
  },
  "GET /apps/:app/releases/:release": { summary: "A release, by number or id", answer: releaseEntry },
  "GET /apps/:app/releases/:release/config-vars": { summary: "The config vars of a release", answer: map(text) },
};

export const openReleases: Operations = {
  "GET /release-outputs/:record/:signature": {
    summary: "What the release command of a release wrote; the path is a secret",
    answer: text,
    type: "text/plain",
  },
};
