import { setup } from "../setup/setup.ts";
import { Steps } from "../steps.ts";
import type { Command } from "./command.ts";

export const setupCommand: Command = {
  summary: "get this machine and project ready for `pulumi up`",
  help: `Usage: dynoform setup [--name NAME]

Finds Docker Engine (installs it as root on Debian and Ubuntu), makes it a swarm, makes the platform's
directories and base image, and writes pulumi.env, which the pulumi command of this package reads.
What is there already is left as it is.

  --name NAME  the platform's name, where no stack file says it (default: dynoform)

Environment:
  DOCKER_HOST              the Docker Engine to use
  DYNOFORM_ADVERTISE_ADDR  the address of this node in a new swarm (default: 127.0.0.1)
  DYNOFORM_HOME            where runtime directories lie
  PULUMI_CLI               real or embedded: which Pulumi runs (default: a recent real one, if on the PATH)
  PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE  as for Pulumi
`,
  options: { name: { type: "string" } },
  async run({ name }) {
    const steps = new Steps();
    await setup({ directory: process.cwd(), steps, name: typeof name === "string" ? name : undefined });
    process.stdout.write(`\n${steps.table()}\nReady for \`npx pulumi up\`.\n`);
  },
};
