/** `pulumi stack graph`: a stack's dependencies as DOT. */
import { resolve } from "node:path";
import { writeFileAtomic } from "../state/files.ts";
import type { RawResource } from "../state/resource-json.ts";
import type { Session } from "./session.ts";

export async function stackGraph(session: Session): Promise<void> {
  const deployment = await session.deployment(await session.stack());
  const [file = ""] = session.args;
  await writeFileAtomic(resolve(session.directory, file), dot(deployment?.resources ?? [], session));
  session.terminal.line(`Wrote stack dependency graph to \`${file}\``);
}

function dot(resources: readonly RawResource[], { flags }: Session): string {
  const live = new Map(resources.map((resource) => [resource.urn, resource]));
  const ids = new Map([...live.keys()].sort().map((urn, index) => [urn, `Resource${index}`]));
  const lines = [...ids].flatMap(([urn, id]) => {
    const label = flags.isOn("short-node-name") ? (urn.split("::").at(-1) ?? urn) : urn;
    return [`    ${id} [label=${JSON.stringify(label)}];`, ...edges(urn, id)];
  });
  const fragment = flags.text("dot-fragment");
  return ["strict digraph {", ...(fragment ? [fragment] : []), ...lines, "}", ""].join("\n");

  function edges(urn: string, id: string): string[] {
    const found: string[] = [];
    const add = (to: string | undefined, color: string, label: string) => {
      if (to === undefined) return;
      found.push(`    ${id} -> ${to} [color = "${color}"${label === "" ? "" : `, label = ${JSON.stringify(label)}`}];`);
    };
    const resource = live.get(urn);
    if (!flags.isOn("ignore-dependency-edges")) {
      // From what is needed to what needs it, as the real CLI draws them.
      for (const other of live.values()) {
        if (!((other.dependencies ?? []) as string[]).includes(urn)) continue;
        const properties = Object.entries((other.propertyDependencies ?? {}) as Record<string, string[] | null>);
        const label = properties.filter(([, urns]) => urns?.includes(urn)).map(([key]) => key);
        add(ids.get(other.urn), flags.text("dependency-edge-color") ?? "#246C60", label.sort().join(", "));
      }
    }
    if (!flags.isOn("ignore-parent-edges") && typeof resource?.parent === "string") {
      add(ids.get(resource.parent), flags.text("parent-edge-color") ?? "#AA6639", "");
    }
    return found;
  }
}
