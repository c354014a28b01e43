import { isRecord } from "../../../../lib/validation/readers.ts";
import type { Answer, Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { invalid, notFound } from "../errors.ts";
import type { OpenRoute, Route } from "../routes.ts";

/** What builds every app, as Heroku calls it. */
const NAME = "heroku/python";
/** In this form, clients show it by its name. */
const URL = "https://buildpack-registry.s3.amazonaws.com/buildpacks/heroku/python.tgz";
/** Other ways in which people write it. */
const SAME = [NAME, URL, "urn:buildpack:heroku/python", "https://github.com/heroku/heroku-buildpack-python"];

export function buildpackRoutes(desk: Desk): Route[] {
  const list = async (call: Call): Promise<Answer> => {
    await desk.app(call);
    return { body: [{ ordinal: 0, buildpack: { name: NAME, url: URL } }] };
  };
  return [
    ["GET", "/apps/:app/buildpack-installations", list],
    [
      "PUT",
      "/apps/:app/buildpack-installations",
      (call) => {
        check(call);
        return list(call);
      },
    ],
  ];
}

/** Heroku's registry of buildpacks, which clients ask without a token. */
export function openBuildpackRoutes(): OpenRoute[] {
  return [
    [
      "GET",
      "/buildpacks/:name",
      ({ params }) => {
        if (params.name !== NAME) throw notFound("buildpack", `that buildpack; apps are built with ${NAME} here`);
        return { body: { blob_url: URL } };
      },
    ],
  ];
}

/** Taking all of them away leaves what finds itself. */
function check(call: Call): void {
  const { updates } = call.body;
  if (!Array.isArray(updates)) throw invalid("updates", "updates must be a list of buildpacks.");
  for (const update of updates) {
    const wanted = isRecord(update) ? update.buildpack : undefined;
    if (typeof wanted !== "string") throw invalid("updates", "each update must name a buildpack.");
    if (!SAME.includes(wanted.replace(/(\.git)?(#.*)?$/, ""))) {
      throw invalid("updates", `${wanted} is not here: apps are built with ${NAME}, and with nothing besides.`);
    }
  }
}
