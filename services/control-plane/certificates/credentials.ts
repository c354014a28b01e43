/** What the DNS provider is told, which no process that we start inherits. */
export function takeCredentials(env: NodeJS.ProcessEnv = process.env): Readonly<Record<string, string>> {
  const { DYNOFORM_DNS: text } = env;
  delete env.DYNOFORM_DNS;
  return text === undefined ? {} : (JSON.parse(text) as Record<string, string>);
}
