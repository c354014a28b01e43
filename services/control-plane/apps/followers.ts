/** An app by what others know it by. */
export interface AppNames {
  readonly name: string;
  /** What stays when the app is renamed. */
  readonly id: string;
}

/** Keeps something of apps by their names or ids. Each may be told twice, by a process that took over. */
export interface AppFollower {
  /** An app is about to be made. @param owner the id of an account */
  making?(app: AppNames, owner: string | undefined): unknown;
  renamed?(app: AppNames, to: string): unknown;
  /** An app is no more, or never came to be. */
  gone?(app: AppNames): unknown;
}

/** All followers as one; what one of them cannot do keeps no other from it. */
export class Followers {
  readonly #all: AppFollower[] = [];
  readonly #report: (problem: string) => void;

  /** @param report gets what a follower could not do */
  constructor(report: (problem: string) => void) {
    this.#report = report;
  }

  add(follower: AppFollower): void {
    this.#all.push(follower);
  }

  /** @throws what a follower throws */
  making(app: AppNames, owner: string | undefined): void {
    for (const each of this.#all) each.making?.(app, owner);
  }

  renamed(app: AppNames, to: string): Promise<void> {
    return this.#tell(`${app.name} is called ${to}`, (each) => each.renamed?.(app, to));
  }

  gone(app: AppNames): Promise<void> {
    return this.#tell(`${app.name} is gone`, (each) => each.gone?.(app));
  }

  async #tell(what: string, tell: (follower: AppFollower) => unknown): Promise<void> {
    for (const each of this.#all) {
      try {
        await tell(each);
      } catch (error) {
        this.#report(`a part of the control plane does not know that ${what}: ${error}`);
      }
    }
  }
}
