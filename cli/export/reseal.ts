import { isMap, isScalar, visit } from "yaml";
import { parseForEditing } from "../../engine/src/state/edited-yaml.ts";
import { PassphraseManager } from "../../engine/src/state/passphrase.ts";
import { UserError } from "../../lib/errors.ts";
import { KEY } from "../../model/stack/keys.ts";

const SALT = "encryptionsalt";

/**
 * A stack file whose secure values are encrypted with another passphrase. Its key, which each machine makes for itself,
 * is left out; comments and order stay.
 *
 * @param name of the stack, for messages
 * @param before gives the passphrase that the file was encrypted with
 * @param after gives the other one
 * @throws UserError when the values do not open
 */
export async function reseal(
  text: string,
  name: string,
  before: () => Promise<string>,
  after: () => Promise<string>,
): Promise<string> {
  const document = parseForEditing(text);
  const salt = document.get(SALT);
  if (document.has("secretsprovider"))
    throw new UserError(`the secrets of ${name} are not encrypted with a passphrase, and cannot be exported.`);
  document.deleteIn(["config", KEY]);
  const secure: { value: unknown }[] = [];
  visit(document, {
    Map(_, map) {
      const value = map.get("secure", true);
      if (map.items.length === 1 && isScalar(value)) secure.push(value);
    },
  });
  if (secure.length > 0) {
    if (typeof salt !== "string") throw new UserError(`the file of ${name} has secure values and no ${SALT}.`);
    const opened = await open(new PassphraseManager(salt, before), name);
    const manager = await PassphraseManager.create(after);
    const sealing = await manager.crypter();
    for (const value of secure) value.value = sealing.encrypt(decrypted(opened, String(value.value), name));
    document.set(SALT, manager.state);
  } else if (salt !== undefined) {
    const [first] = isMap(document.contents) ? document.contents.items : [];
    // What is said at the head of the file is not said of the salt.
    if (isScalar(first?.key) && first.key.value === SALT) document.commentBefore ??= first.key.commentBefore ?? null;
    document.delete(SALT);
  }
  return document.toString({ lineWidth: 0 });
}

type Crypter = Awaited<ReturnType<PassphraseManager["crypter"]>>;

async function open(manager: PassphraseManager, name: string): Promise<Crypter> {
  try {
    return await manager.crypter();
  } catch {
    throw new UserError(
      `the secrets of ${name} were encrypted with another passphrase than this project's. Put that one into .dynoform/passphrase, or set PULUMI_CONFIG_PASSPHRASE_FILE.`,
    );
  }
}

function decrypted(crypter: Crypter, ciphertext: string, name: string): string {
  try {
    return crypter.decrypt(ciphertext);
  } catch {
    throw new UserError(`a secure value in the file of ${name} does not open: it was encrypted for another stack.`);
  }
}
