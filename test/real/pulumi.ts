/**
 * The real Pulumi CLI for a machine that has no Node language host for it: runs it with the SDK's own
 * language server, which this process serves, so that `pulumi up` finds the program of Pulumi.yaml.
 *
 * Usage: node pulumi.ts BINARY ARGS… (what test/real/real.ts puts on the PATH as `pulumi`).
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { parse } from "yaml";

const [binary, ...args] = process.argv.slice(2);
if (binary === undefined) throw new Error("usage: pulumi.ts BINARY ARGS…");

const runsProgram = args.some((argument) => ["up", "preview", "--run-program"].includes(argument));
const exitCode = runsProgram ? await withLanguageServer(binary, args) : await run(binary, args);
process.exit(exitCode);

async function withLanguageServer(cli: string, argv: readonly string[]): Promise<number> {
  const project = parse(await readFile("Pulumi.yaml", "utf8")) as { main: string };
  const main = resolve(project.main);
  const require = createRequire(main);
  const { LanguageServer } = require("@pulumi/pulumi/automation/server.js");
  const { LanguageRuntimeService } = require("@pulumi/pulumi/proto/language_grpc_pb.js");
  const root = process.cwd();
  // The CLI starts programs and plugins in the program's folder.
  process.chdir(dirname(main));
  let round = 0;
  // As the SDK's own launcher: a default export is the program, and a function is called.
  const language = new LanguageServer(async () => {
    const exported = await import(`${pathToFileURL(main).href}?round=${round++}`);
    const program = exported.default ?? exported;
    return typeof program === "function" ? program() : program;
  });
  const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
  server.addService(LanguageRuntimeService, language);
  const port = await new Promise<number>((done, fail) =>
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? done(bound) : fail(error),
    ),
  );
  try {
    return await run(cli, [...argv, `--client=127.0.0.1:${port}`, "--exec-kind=auto.inline"], root);
  } finally {
    server.forceShutdown();
  }
}

function run(cli: string, argv: readonly string[], cwd = process.cwd()): Promise<number> {
  const child = spawn(cli, argv, { stdio: "inherit", cwd, env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" } });
  process.on("SIGINT", () => child.kill("SIGINT"));
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("exit", (code, signal) => done(code ?? (signal === null ? 1 : 130)));
  });
}
