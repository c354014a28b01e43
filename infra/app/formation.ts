import * as pulumi from "@pulumi/pulumi";
import { Problems } from "../../lib/validation/problems.ts";
import { quantity } from "../../model/app/formation.ts";
import { Dyno, type DynoArgs } from "./dyno.ts";

export interface FormationArgs extends Omit<DynoArgs, "index"> {
  /** How many dynos of this type, 0 to 100. */
  readonly quantity: number;
}

/**
 * The dynos of one process type, `web.1` to `web.<quantity>`. Scaling adds or removes the last ones and touches no
 * other.
 *
 * @example
 * new Formation("shop-worker", { platform, app: "shop", type: "worker", command: "celery worker", quantity: 2, image, slug: "v1" });
 */
export class Formation extends pulumi.ComponentResource {
  readonly dynos: readonly Dyno[];

  constructor(name: string, args: FormationArgs, opts?: pulumi.ComponentResourceOptions) {
    const problems = new Problems();
    quantity(args.quantity, `Formation ${name}: quantity`, problems);
    problems.check();
    super("dynoform:index:Formation", name, {}, opts);

    this.dynos = Array.from({ length: args.quantity }, (_, position) => {
      const index = position + 1;
      return new Dyno(`${name}.${index}`, { ...args, index }, { parent: this, dependsOn: opts?.dependsOn });
    });
    this.registerOutputs({ dynos: this.dynos.map(({ dyno }) => dyno) });
  }
}
