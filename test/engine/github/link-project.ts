import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { packageRoot } from "../../../lib/package-root.ts";
import { type Gitea, startGitea } from "../../support/gitea/gitea.ts";
import { type GitHub, startGitHub, type TestRepository, type Token } from "../../support/github/github.ts";
import { platform as connection } from "../../unit/infra/fixtures.ts";
import { type Finished, TestProject } from "../cli/harness.ts";

export const STACK = "hello.github";
export const DOMAIN = "apps.dynoform.dev";

/** A project with the stack of a link to `octo/hello` on a stand-in for GitHub; nothing of it is up. */
export interface LinkProject extends AsyncDisposable {
  /** Where everything is; of a Gitea what it has. */
  readonly github: GitHub;
  readonly gitea: Gitea | undefined;
  /** Private, with a branch `main`. */
  readonly repository: TestRepository;
  readonly token: Token;
  readonly project: TestProject;
  /** Sets what the stack file says, beside the credential. */
  declare(more: Readonly<Record<string, unknown>>, branch?: string): Promise<void>;
  /** Runs `pulumi` for the link's stack. */
  pulumi(...args: string[]): Promise<Finished>;
  /** The same, which must succeed. @returns what it printed */
  ok(...args: string[]): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it looks at
  outputs(): Promise<any>;
}

interface LinkProjectOptions {
  /** @default "github" */
  readonly forge?: "gitea";
  /** Runs `pulumi` in a project. @default the embedded engine */
  readonly run?: (project: TestProject, args: readonly string[]) => Promise<Finished>;
  /** Folders of more provider plugins, by package. */
  readonly plugins?: (project: TestProject) => Promise<Readonly<Record<string, string>>>;
}

export async function linkProject(options: LinkProjectOptions = {}): Promise<LinkProject> {
  const { run = (project, args) => project.run(args), plugins = async () => ({}) } = options;
  const gitea = options.forge === "gitea" ? await startGitea() : undefined;
  const github = gitea?.world ?? (await startGitHub());
  const baseUrl = gitea?.url ?? github.url;
  // Nobody answers at the platform's domain.
  github.deliveries.mode = "lose";
  const repository = await github.repository("octo/hello", { private: true });
  await repository.commit("main", { Procfile: "web: true\n" });
  const token = github.token("octo");
  const root = packageRoot();
  const project = await TestProject.create("links", {
    // In place of a platform that is up, what its stack puts out.
    "index.ts": `import { getStack } from "@pulumi/pulumi";
import program from ${JSON.stringify(join(root, "program.ts"))};
export default () => (getStack() === "platform" ? ${JSON.stringify({ ...connection, domain: DOMAIN })} : program());
`,
  });
  const providers = { dyno: join(root, "provider"), ...(await plugins(project)) };
  await project.write(
    "Pulumi.yaml",
    stringify({
      name: "links",
      runtime: { name: "nodejs", options: { typescript: false } },
      main: "index.ts",
      plugins: { providers: Object.entries(providers).map(([name, path]) => ({ name, path })) },
    }),
  );

  async function ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await run(project, args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} exited with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  async function declare(more: Readonly<Record<string, unknown>>, branch = "main"): Promise<void> {
    const at = { ...(options.forge && { forge: options.forge }), baseUrl };
    const link = { repository: "octo/hello", ...at, apps: { hello: { branch } }, ...more };
    const path = `Pulumi.${STACK}.yaml`;
    const text = await readFile(project.path(path), "utf8").catch(() => "{}");
    const settings: { config?: Record<string, unknown> } = parse(text);
    await project.write(path, stringify({ ...settings, config: { ...settings.config, "dynoform:github": link } }));
  }

  await ok("stack", "init", "platform");
  await ok("up", "--yes", "--skip-preview", "--stack", "platform");
  await declare({});
  await ok("stack", "init", STACK);
  await ok("config", "set", "--secret", "--path", "dynoform:github-auth.token", token.value, "--stack", STACK);
  return {
    github,
    gitea,
    repository,
    token,
    project,
    declare,
    pulumi: (...args) => run(project, [...args, "--stack", STACK]),
    ok: (...args) => ok(...args, "--stack", STACK),
    outputs: async () => JSON.parse(await ok("stack", "output", "--json", "--show-secrets", "--stack", STACK)),
    async [Symbol.asyncDispose]() {
      await project[Symbol.asyncDispose]();
      await (gitea ?? github)[Symbol.asyncDispose]();
    },
  };
}
