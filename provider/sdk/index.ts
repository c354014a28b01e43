export { Build, type BuildArgs, buildContent } from "./build.ts";
export { Certificate, type CertificateArgs } from "./certificate.ts";
export { DynoProcess, type DynoProcessArgs } from "./dyno-process.ts";
export {
  GiteaDeployKey,
  type GiteaDeployKeyArgs,
  GiteaWebhook,
  type GiteaWebhookArgs,
  type LookUpGiteaResult,
  lookUpGitea,
} from "./gitea.ts";
export { Password, type PasswordArgs } from "./password.ts";
export { Release, type ReleaseArgs } from "./release.ts";
export { ReleaseTask, type ReleaseTaskArgs } from "./release-task.ts";
export { Route, type RouteArgs, type RouteDyno, type RouteHealthCheck } from "./route.ts";
