// Pulumi starts programs and provider plugins in the folder of the program; here that is the folder of Pulumi.yaml,
// to which all paths in stack files are relative.
export { default } from "./infra/program.ts";
