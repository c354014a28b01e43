import type Docker from "dockerode";

/** What an app's dynos run now. */
export interface CurrentRelease {
  /** By its id. */
  readonly image: string;
  /** Config vars and what add-ons set. */
  readonly environment: Readonly<Record<string, string>>;
  /** As in the stack file. */
  readonly size: string;
}

/**
 * Reads it from the app's services. While a deploy is going on there are old and new ones, and new ones may fail and
 * stay behind: the oldest are those that serve.
 *
 * @returns undefined when the app has no services
 */
export async function currentRelease(
  docker: Docker,
  platform: string,
  app: string,
): Promise<CurrentRelease | undefined> {
  const label = [`dynoform.platform=${platform}`, `dynoform.app=${app}`];
  const services = (await docker.listServices({ filters: JSON.stringify({ label }) })) as readonly Service[];
  const [oldest] = services.toSorted((a, b) => (a.CreatedAt < b.CreatedAt ? -1 : 1));
  if (oldest === undefined) return undefined;
  const { Image, Env = [] } = oldest.Spec.TaskTemplate.ContainerSpec;
  return { image: Image, environment: ownVariables(Env), size: oldest.Spec.Labels?.["dynoform.size"] ?? "free" };
}

interface Service {
  readonly CreatedAt: string;
  readonly Spec: {
    readonly Labels?: Readonly<Record<string, string>>;
    readonly TaskTemplate: { readonly ContainerSpec: { readonly Image: string; readonly Env?: readonly string[] } };
  };
}

/** Without what each dyno has for itself. */
function ownVariables(lines: readonly string[]): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of lines) {
    const at = line.indexOf("=");
    const name = line.slice(0, at);
    if (name !== "PORT" && name !== "DYNO" && name !== "HEROKU_DYNO_ID" && !name.startsWith("DYNOFORM_"))
      variables[name] = line.slice(at + 1);
  }
  return variables;
}
