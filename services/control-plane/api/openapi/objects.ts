import { anything, flag, list, none, object, oneOf, orNull, text, time, uri, uuid, whole } from "./schema.ts";

/** What several answers have in common: Heroku's objects, as far as they are served. */

export const named = object({ id: uuid, name: text });
export const person = object({ id: uuid, email: text });
const release = object({ id: uuid, version: whole });

export const app = object({
  id: uuid,
  name: text,
  acm: flag,
  archived_at: orNull(time),
  build_stack: named,
  create_status: text,
  created_at: time,
  generation: named,
  git_url: text,
  maintenance: flag,
  owner: person,
  process_tier: text,
  region: named,
  released_at: orNull(time),
  repo_size: orNull(whole),
  slug_size: orNull(whole),
  space: none,
  stack: named,
  team: none,
  updated_at: time,
  web_url: uri,
});

export const account = object({
  id: uuid,
  email: text,
  name: orNull(text),
  two_factor_authentication: flag,
  verified: flag,
});

export const dyno = object({
  id: uuid,
  app: named,
  attach_url: orNull(uri),
  command: text,
  created_at: time,
  name: text,
  release: orNull(release),
  size: text,
  state: oneOf("starting", "up", "crashed", "idle", "idle (napping)", "down", "stopping"),
  type: text,
  updated_at: time,
});

export const formation = object({
  id: uuid,
  app: named,
  command: text,
  created_at: time,
  quantity: whole,
  size: text,
  type: text,
  updated_at: time,
});

export const releaseEntry = object({
  id: uuid,
  addon_plan_names: list(text),
  app: named,
  created_at: time,
  current: flag,
  description: text,
  eligible_for_rollback: flag,
  output_stream_url: orNull(uri),
  slug: orNull(object({ id: uuid, commit: orNull(text) })),
  status: oneOf("succeeded", "pending", "failed", "expired"),
  updated_at: time,
  user: person,
  version: whole,
});

export const drain = object({ id: uuid, addon: anything, created_at: time, token: text, updated_at: time, url: text });
