import type { Metric } from '../../../../shared/evaluation.ts';

/** Means by name, in percent, each over what was added to it. */
export class Means {
  private readonly sums = new Map<string, { total: number; count: number }>();

  add(name: string, value: number): void {
    const sum = this.sums.get(name) ?? { total: 0, count: 0 };
    this.sums.set(name, sum);
    sum.total += value;
    sum.count++;
  }

  /** In percent; 0 where nothing was added. */
  percent(name: string): number {
    const { total, count } = this.sums.get(name) ?? { total: 0, count: 0 };
    return count === 0 ? 0 : (100 * total) / count;
  }

  /** In percent: those of `first` that there are, then the others in the order of their names. */
  metrics(first: readonly string[] = []): Metric[] {
    const names = [...this.sums.keys()].sort((a, b) => (a < b ? -1 : 1));
    const ordered = [...first.filter((name) => this.sums.has(name)), ...names.filter((name) => !first.includes(name))];
    return ordered.map((name) => ({ name, value: this.percent(name), unit: '%' }));
  }
}
