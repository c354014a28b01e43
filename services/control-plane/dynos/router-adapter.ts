import type { RouterClient } from "../../../provider/route/router-client.ts";
import type { RouterPort } from "./router-port.ts";

/**
 * The router's client as the dyno manager takes it.
 *
 * @param signal aborted when the control plane stops
 */
export function routerPort(client: RouterClient, signal: AbortSignal): RouterPort {
  return {
    list: () => client.list(signal),
    activity: () => client.activity(signal),
    mode: (app, mode, options) => client.mode(app, mode, signal, options),
    takeOut: (app, service) => client.takeOut(app, service, signal),
    putIn: (app, service) => client.putIn(app, service, signal),
    crashed: (app, crashed) => client.crashed(app, crashed, signal),
  };
}
