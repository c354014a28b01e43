/** What the dynos of one type and size of an app have used of a month. */
export interface UsageEntry {
  readonly app: string;
  readonly type: string;
  readonly size: string;
  readonly seconds: number;
}

export interface Usage {
  /** @param month `2026-01` */
  usage(month: string): readonly UsageEntry[];
}
