import { person } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { list, none, object, oneOf, orNull, text, time, uri, uuid, whole } from "../schema.ts";

export const build = object({
  id: uuid,
  app: object({ id: uuid }),
  buildpacks: none,
  created_at: time,
  output_stream_url: uri,
  release: orNull(object({ id: uuid })),
  slug: none,
  source_blob: object({ checksum: none, url: text, version: text, version_description: none }),
  stack: text,
  status: oneOf("pending", "succeeded", "failed"),
  updated_at: time,
  user: person,
});

export const builds: Operations = {
  "POST /sources": {
    summary: "Make a place for the source archive of an app that is to come",
    status: 201,
    answer: object({ source_blob: object({ get_url: uri, put_url: uri }) }),
  },
  "POST /apps/:app/sources": {
    summary: "Make a place to which a source archive can be sent, within an hour",
    status: 201,
    answer: object({ source_blob: object({ get_url: uri, put_url: uri }) }),
  },
  "GET /apps/:app/builds": { summary: "List builds, pushes included", answer: list(build), paged: true },
  "POST /apps/:app/builds": {
    summary: "Deploy a source archive, a tar compressed by gzip, that was sent to a place of this app",
    body: object({ source_blob: object({ url: text, "version?": orNull(text), "checksum?": orNull(text) }) }),
    example: { source_blob: { url: "http://127.0.0.1:5000/sources/get/none/none", version: "v1" } },
    status: 201,
    answer: build,
  },
  "GET /apps/:app/builds/:build": { summary: "A build", answer: build },
  "GET /apps/:app/builds/:build/result": {
    summary: "What a build said",
    answer: object({
      build: object({ id: uuid, status: text, output_stream_url: uri }),
      exit_code: whole,
      lines: list(object({ line: text, stream: text })),
    }),
  },
};

export const openBuilds: Operations = {
  "GET /build-outputs/:build/:signature": {
    summary: "What a build says, as it says it; the path is a secret",
    answer: text,
    type: "text/plain",
  },
};
