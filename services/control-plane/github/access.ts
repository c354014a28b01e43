import type { OpenRepositoryForge, RepositoryForge } from "./forge/forge.ts";
import type { LinkOutputsReader } from "./outputs.ts";
import type { DeclaredLink, ForgeRepository } from "./ports.ts";

interface Opened {
  readonly credential: string;
  readonly forge: RepositoryForge;
}

/** The repositories of links, as whoever a link's credential is. One client a link, which remembers what it was told. */
export class LinkAccess {
  readonly #outputs: LinkOutputsReader;
  readonly #open: OpenRepositoryForge;
  readonly #opened = new Map<string, Opened>();

  constructor(outputs: LinkOutputsReader, open: OpenRepositoryForge) {
    this.#outputs = outputs;
    this.#open = open;
  }

  /** @throws UserError for a link that was never brought up */
  async forge({ stack, forge, baseUrl }: DeclaredLink): Promise<{ forge: RepositoryForge; repository: number }> {
    const { credential, repositoryId } = await this.#outputs.of(stack);
    const key = JSON.stringify([forge, baseUrl, credential]);
    const known = this.#opened.get(stack);
    const by = { baseUrl, credential, ...(forge && { forge }) };
    const opened = known?.credential === key ? known : { credential: key, forge: this.#open(by) };
    this.#opened.set(stack, opened);
    return { forge: opened.forge, repository: repositoryId };
  }

  /** The repository as it is called now. @throws UserError, ForgeError */
  async repository(link: DeclaredLink): Promise<{ forge: RepositoryForge; repository: ForgeRepository }> {
    const { forge, repository } = await this.forge(link);
    return { forge, repository: await forge.repositoryById(repository) };
  }

  forget(stack: string): void {
    this.#opened.delete(stack);
  }
}
