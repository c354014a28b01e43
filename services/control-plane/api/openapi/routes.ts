import type { OpenRoute } from "../routes.ts";
import { openApi } from "./document.ts";
import { openOperations, operations } from "./operations/index.ts";

/** For everybody: the API's own description, which has nothing of this platform's in it. */
export function openApiRoutes(): OpenRoute[] {
  return [["GET", "/openapi.json", () => ({ body: openApi({ operations, open: openOperations }) })]];
}
