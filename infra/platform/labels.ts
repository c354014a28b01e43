export { LOG_DRIVER, LOG_OPTIONS } from "../../provider/docker/logs.ts";

/** Labels as the docker package takes them, sorted as Docker gives them back. */
export function dockerLabels(labels: Readonly<Record<string, string>>): { label: string; value: string }[] {
  return Object.entries(labels)
    .map(([label, value]) => ({ label, value }))
    .sort((a, b) => (a.label < b.label ? -1 : 1));
}

/** What everything of a platform is labelled with. */
export function platformLabels(platform: string): Record<string, string> {
  return { "dynoform.platform": platform };
}
