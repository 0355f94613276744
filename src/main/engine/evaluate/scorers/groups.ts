import type { Scoring } from '../../../../shared/benchmark.ts';

interface Group {
  /** What the group's result is split by. */
  readonly tags: Readonly<Record<string, string>>;
  readonly size: number;
  asked: number;
  right: number;
}

/** Questions that count together. A group of which a part was asked says nothing and is left out. */
export class Groups {
  private readonly groups = new Map<string, Group>();

  add({ group, tags = {} }: Scoring, isRight: boolean): void {
    if (!group) throw new Error('the question is in no group');
    const found = this.groups.get(group.id) ?? { tags, size: group.size, asked: 0, right: 0 };
    this.groups.set(group.id, found);
    found.asked++;
    if (isRight) found.right++;
  }

  /** Those that were asked whole, and whether everything in them is right. */
  *whole(): Generator<{ readonly tags: Readonly<Record<string, string>>; readonly isRight: boolean }> {
    for (const { tags, size, asked, right } of this.groups.values()) {
      if (asked === size) yield { tags, isRight: right === size };
    }
  }
}
