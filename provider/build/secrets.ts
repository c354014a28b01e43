/** A config var whose value is nobody's to see in a log, going by its name. */
const SECRET = /KEY|SECRET|TOKEN|PASS|PWD|CREDENTIAL|PRIVATE|AUTH|DSN|SALT/i;

/** The shortest value that is hidden: a shorter one is found in many a word. */
const SHORTEST = 6;

/**
 * What hides secrets in a line of a build's output: the passwords of addresses, and values of config vars that are secret
 * by their name, or are an address with a password. Others stay, as a module's name in a traceback is worth reading.
 */
export function masking(config: Readonly<Record<string, string>>): (line: string) => string {
  const values = Object.entries(config).flatMap(([name, value]) => [
    ...(SECRET.test(name) ? value.split(/\r?\n/) : []),
    ...passwords(value),
  ]);
  // The longest first: one may be a part of another.
  const hidden = [...new Set(values)]
    .filter((value) => value.trim().length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (line) => hidden.reduce((text, value) => text.replaceAll(value, "****"), maskAddresses(line));
}

/** The credentials of an address, such as that of a private package index, are nobody else's. */
function maskAddresses(line: string): string {
  return line.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1****@");
}

/** The passwords in addresses, as they stand there and as they are meant. */
function passwords(value: string): string[] {
  return [...value.matchAll(/\b[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:([^\s/@]+)@/gi)].flatMap(([, password = ""]) => {
    try {
      return [password, decodeURIComponent(password)];
    } catch {
      return [password];
    }
  });
}
