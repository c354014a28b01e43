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

/** How much of a container's output Docker keeps: three files of 10 MB. */
export const LOG_DRIVER = "json-file";
export const LOG_OPTIONS = { "max-file": "3", "max-size": "10m" };
