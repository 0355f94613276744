import { describe, expect, it } from 'vitest';
import { hierarchicalBootstrap } from '../../../src/shared/experiment/bootstrap.ts';
import { Random } from '../../../src/shared/random.ts';

/** A seed's differences: so many questions gained, lost and unchanged. */
const seedOf = (gained: number, lost: number, same: number): Int8Array =>
  Int8Array.from([...Array<number>(gained).fill(1), ...Array<number>(lost).fill(-1), ...Array<number>(same).fill(0)]);

describe('hierarchicalBootstrap', () => {
  it('gives the same intervals for the same differences', () => {
    const differences = [seedOf(5, 20, 75), seedOf(9, 11, 80)];
    expect(hierarchicalBootstrap(differences)).toEqual(hierarchicalBootstrap(differences));
  });

  it('has no width where nothing varies', () => {
    expect(hierarchicalBootstrap([seedOf(10, 0, 0), seedOf(10, 0, 0)])).toEqual({
      questions: [1, 1],
      questionsAndSeeds: [1, 1],
    });
  });

  it('is as wide over questions as the normal approximation of their mean', () => {
    // 40 of 400 lost: mean −0.1, standard deviation of one question 0.3, of the mean 0.015.
    const { questions } = hierarchicalBootstrap([seedOf(0, 40, 360)]);
    expect(questions[0]).toBeCloseTo(-0.1 - 1.96 * 0.015, 2);
    expect(questions[1]).toBeCloseTo(-0.1 + 1.96 * 0.015, 2);
  });

  it('takes the seeds for chance only where they are drawn too', () => {
    // The seeds differ by far more than their questions do: −0.5, 0 and +0.5.
    const seeds = [seedOf(0, 500, 500), seedOf(0, 0, 1000), seedOf(500, 0, 500)];
    const { questions, questionsAndSeeds } = hierarchicalBootstrap(seeds);
    expect(questions[1] - questions[0]).toBeLessThan(0.1);
    // All three draws fall on the worst seed in 1 of 27 resamples: more than 2.5 %.
    expect(questionsAndSeeds[0]).toBeCloseTo(-0.5, 1);
    expect(questionsAndSeeds[1]).toBeCloseTo(0.5, 1);
  });

  it('holds the true difference in about 95 of 100 experiments', () => {
    const random = Random.from(1, 'coverage');
    const [lost, gained] = [0.15, 0.05];
    const draw = (): number => {
      const value = random.uniform();
      return value < lost ? -1 : value < lost + gained ? 1 : 0;
    };
    const held = Array.from({ length: 200 }, () => {
      const differences = [Int8Array.from({ length: 150 }, draw)];
      const { questions } = hierarchicalBootstrap(differences, 400);
      return questions[0] <= gained - lost && questions[1] >= gained - lost;
    }).filter(Boolean);
    // Binomial of 200 and 0.95: four standard deviations are 12.
    expect(held.length).toBeGreaterThan(190 - 13);
    expect(held.length).toBeLessThan(200);
  });
});
