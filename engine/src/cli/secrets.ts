/** `pulumi stack change-secrets-provider`: another passphrase, when the last one has leaked. */
import { CheckpointCodec } from "../state/checkpoint.ts";
import { hasSecure, openCipher } from "../state/config-values.ts";
import { UserError } from "../state/errors.ts";
import { lockStack } from "../state/lock.ts";
import { PassphraseManager } from "../state/passphrase.ts";
import { qualified } from "../state/stack-name.ts";
import type { Session } from "./session.ts";
import { readStandardInput } from "./terminal.ts";

/** Encrypts everything in the stack's file and state anew. The old passphrase is the one of the environment. */
export async function changeSecretsProvider(session: Session): Promise<void> {
  const [provider] = session.args;
  if (provider !== "passphrase" && provider !== "default") {
    throw new UserError(
      `the embedded engine knows only the secrets provider 'passphrase', not '${provider}'; use the real CLI for others`,
    );
  }
  const name = await session.stack();
  const backend = await session.backend();
  const lock = await lockStack(backend, name, (line) => session.terminal.error(line));
  try {
    const file = await session.config(name);
    const deployment = await session.deployment(name);
    const before = await session.ensureManager(file, deployment);
    const reader = session.managerOf(deployment) ?? before;
    // Everything is opened before anything is written: a wrong passphrase must change nothing.
    const snapshot = await new CheckpointCodec(qualified(name), before).decode(deployment, reader);
    const old = hasSecure(file.config) ? await before.crypter() : undefined;
    const manager = await PassphraseManager.create(() => newPassphrase(session));
    const crypter = await manager.crypter();
    file.reseal((cipher) => crypter.encrypt(openCipher(cipher, old)));
    file.salt = manager.state;
    const state = await new CheckpointCodec(qualified(name), manager).encode(snapshot);
    session.terminal.line("Migrating old configuration and state to new secrets provider");
    if (deployment !== undefined) await backend.write(name, state);
    await file.save();
  } finally {
    await lock.release();
  }
  session.terminal.line(
    "From now on the new passphrase is needed. Backups and history keep what the old one opens: " +
      "if it has leaked, change the secrets themselves too.",
  );
}

async function newPassphrase({ terminal }: Session): Promise<string> {
  if (!terminal.interactive) {
    const [first = ""] = (await readStandardInput()).split("\n");
    if (first.trim() === "") throw new UserError("the new passphrase is read from standard input, which has none");
    return first.trim();
  }
  const first = await terminal.askSecret("Enter your new passphrase to protect config/secrets: ");
  const second = await terminal.askSecret("Re-enter your new passphrase to confirm: ");
  if (first !== second) throw new UserError("passphrases do not match");
  return first;
}
