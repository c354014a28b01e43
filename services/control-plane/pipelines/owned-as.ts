/** How a pipeline is called among what has an owner; no app is called so. @param pipeline its id */
export function ownedAs(pipeline: string): string {
  return `pipeline/${pipeline}`;
}
