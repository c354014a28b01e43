import { BlockList, isIP } from "node:net";
import { join } from "node:path";
import { messageOf } from "../lib/errors.ts";
import { readGitConfig } from "./git/git.ts";
import type { SourceProblems } from "./problems.ts";
import type { SourceTree } from "./tree.ts";

/** A submodule of a commit: another repository's commit at a path. */
export interface Submodule {
  readonly path: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
}

/**
 * The submodules of a tree. A build fetches them, so each must be named in `.gitmodules` with a public https address; of
 * those within submodules Git judges in the build, and the network there.
 *
 * @param allowed private networks that builds may reach, CIDRs with commas between
 */
export function readSubmodules(
  tree: SourceTree,
  problems: SourceProblems,
  allowed = process.env.DYNOFORM_BUILD_EGRESS ?? "",
): readonly Submodule[] {
  const submodules = tree.entries.filter(({ kind }) => kind === "submodule");
  if (submodules.length === 0) return [];
  const file = tree.entries.find(({ path }) => path === ".gitmodules");
  if (file?.kind === "link") {
    problems.add(".gitmodules", `is a link to ${file.target}; put the file itself in its place`);
    return [];
  }
  const named = file === undefined ? new Map<string, string>() : addressesOf(tree, problems);
  return submodules.map(({ path, target: commit = "" }) => {
    const problem = named && problemOf(path, named.get(path), allowed);
    if (problem !== undefined) problems.add(path, problem);
    return { path, commit };
  });
}

/** Paths of submodules to their addresses; undefined when Git cannot read them. */
function addressesOf(tree: SourceTree, problems: SourceProblems): Map<string, string> | undefined {
  let settings: readonly (readonly [name: string, value: string])[];
  try {
    settings = readGitConfig(join(tree.root, ".gitmodules"));
  } catch (error) {
    problems.add(".gitmodules", `Git cannot read it: ${messageOf(error)}`);
    return undefined;
  }
  const values = new Map(settings);
  return new Map(
    settings.flatMap(([name, path]) => {
      const url = name.endsWith(".path") ? values.get(name.replace(/\.path$/, ".url")) : undefined;
      return url === undefined ? [] : [[path, url] as const];
    }),
  );
}

function problemOf(path: string, address: string | undefined, allowed: string): string | undefined {
  if (address === undefined) {
    return (
      `is a submodule, but there is no submodule mapping found in .gitmodules for path '${path}'; name its https ` +
      `address there, or make its files the app's own: git rm --cached ${path}, remove ${path}/.git, git add ${path}`
    );
  }
  const shown = address.replace(/\/\/[^/@]*@/, "//****@");
  const reason = unreachable(address, allowed);
  return (
    reason &&
    `is a submodule from ${shown}, ${reason}; name a public https address in .gitmodules, or commit the files themselves`
  );
}

/** Why a build cannot fetch from an address; undefined when it may try. */
function unreachable(address: string, allowed: string): string | undefined {
  if (/^\.{0,2}\//.test(address)) return "which is relative to a repository that is not known here";
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== "https:")
    return "which a build cannot fetch: it has no key of yours, and takes nothing but https";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) === 6) return "which a build cannot reach: it has no IPv6";
  if (host === "localhost" || host.endsWith(".localhost") || (isIP(host) === 4 && isPrivate(host, allowed))) {
    return "which is a private address, and builds reach public ones";
  }
  return undefined;
}

/** As the network of a build is closed; see images/base/tools/init.c. */
const PRIVATE = blockList(
  "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.168.0.0/16,224.0.0.0/3",
);

function isPrivate(host: string, allowed: string): boolean {
  return PRIVATE.check(host) && !blockList(allowed).check(host);
}

function blockList(cidrs: string): BlockList {
  const list = new BlockList();
  for (const [network = "", bits = "32"] of cidrs.split(",").map((cidr) => cidr.trim().split("/"))) {
    if (isIP(network) === 4) list.addSubnet(network, Number(bits));
  }
  return list;
}
