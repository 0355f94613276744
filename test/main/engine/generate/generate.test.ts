import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  generate,
  greedyAnswers,
  type GenerateOptions,
  type GenerationEvent,
} from '../../../../src/main/engine/generate/generate.ts';
import { greedyTokens, sampleToken } from '../../../../src/main/engine/generate/sampling.ts';
import { Session } from '../../../../src/main/engine/generate/session.ts';
import { planBatch } from '../../../../src/main/engine/model/batch-plan.ts';
import { withDeviceBatch } from '../../../../src/main/engine/model/device-batch.ts';
import { FULL } from '../../../../src/shared/compression.ts';
import { EXECUTION_MODES } from '../../../../src/shared/execution-mode.ts';
import { Random } from '../../../../src/shared/random.ts';
import { randomRow, smallModel, withRows, type SmallModel } from '../../../helpers/small-model.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

const GREEDY = { temperature: 0, topP: 1 };

let model: SmallModel;

function newSession(seed = 1): Session {
  const row = randomRow(Random.from(seed, 'prompt'), [9]);
  return withDeviceBatch(planBatch([row], FULL), undefined, (batch) => new Session(batch, model));
}

async function events(
  options: Partial<GenerateOptions>,
  onToken?: (count: number) => boolean,
): Promise<GenerationEvent[]> {
  const session = newSession();
  const all: GenerationEvent[] = [];
  const defaults = { maxTokens: 8, stopIds: new Set<number>(), sampling: GREEDY, random: Random.from(0, 'answer') };
  for await (const event of generate(session, { ...defaults, ...options })) {
    all.push(event);
    if (onToken?.(all.length)) break;
  }
  session.dispose();
  return all;
}

const ids = (all: readonly GenerationEvent[]): number[] =>
  all.flatMap((event) => (event.type === 'token' ? [event.id] : []));

describe.each(EXECUTION_MODES)('in %s mode', (execution) => {
  beforeAll(async () => {
    model = await smallModel(execution);
  });
  afterAll(() => model.dispose());

  describe('generate', () => {
    it('ends at its limit', async () => {
      const all = await events({ maxTokens: 5 });
      expect(ids(all)).toHaveLength(5);
      expect(all.at(-1)).toEqual({ type: 'end', reason: 'length' });
    });

    it('ends at a stop token, which is not part of the answer', async () => {
      const free = ids(await events({}));
      const stop = free[3]!;
      const all = await events({ stopIds: new Set([stop]) });
      expect(ids(all)).toEqual(free.slice(0, free.indexOf(stop)));
      expect(all.at(-1)).toEqual({ type: 'end', reason: 'stop' });
    });

    it('ends after the token at hand when it is told to', async () => {
      const controller = new AbortController();
      const all = await events({ signal: controller.signal }, (count) => {
        if (count === 2) controller.abort();
        return false;
      });
      expect(all.map(({ type }) => type)).toEqual(['token', 'token', 'end']);
      expect(all.at(-1)).toEqual({ type: 'end', reason: 'aborted' });
    });

    it('gives timers a turn between tokens', async () => {
      let ticks = 0;
      const timer = setInterval(() => ticks++, 0);
      await events({ maxTokens: 8 });
      clearInterval(timer);
      expect(ticks).toBeGreaterThan(0);
    });

    it('samples the same answer from the same seed, and another from another', async () => {
      const sampling = { temperature: 3, topP: 1 };
      const answer = async (seed: number): Promise<number[]> =>
        ids(await events({ sampling, random: Random.from(seed, 'answer') }));
      expect(await answer(1)).toEqual(await answer(1));
      expect(await answer(1)).not.toEqual(await answer(2));
    });

    it('leaves no tensors, wherever its reader leaves', async () => {
      await expectNoLeakedTensors(() => events({ maxTokens: 40 }));
      await expectNoLeakedTensors(() => events({ maxTokens: 40 }, (count) => count === 3));
    });
  });

  describe('greedyAnswers', () => {
    it('stops each row at its own stop token', () => {
      const random = Random.from(4, 'rows');
      const rows = [randomRow(random, [6]), randomRow(random, [11])];
      const run = (stopIds: ReadonlySet<number>): number[][] =>
        withRows(rows, new Float32Array(), FULL, model, (batch) => {
          const session = new Session(batch, model);
          const answers = greedyAnswers(session, greedyTokens(session.promptLogits!), { maxTokens: 6, stopIds });
          session.dispose();
          return answers;
        });
      const free = run(new Set());
      expect(free.map(({ length }) => length)).toEqual([6, 6]);
      const stop = free[0]![2]!;
      const cut = (answer: number[]): number[] =>
        answer.includes(stop) ? answer.slice(0, answer.indexOf(stop)) : answer;
      expect(run(new Set([stop]))).toEqual(free.map(cut));
    });
  });

  describe('sampleToken', () => {
    const logits = Float32Array.from([0.1, 0.4, 0.3, 0.2], Math.log);

    function shares(sampling: { temperature: number; topP: number }): number[] {
      const random = Random.from(1, 'shares');
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < 4000; i++) counts[sampleToken(logits, sampling, random)]!++;
      return counts.map((count) => count / 4000);
    }

    it("follows the model's probabilities at temperature 1", () => {
      shares({ temperature: 1, topP: 1 }).forEach((share, id) => {
        expect(share).toBeCloseTo([0.1, 0.4, 0.3, 0.2][id]!, 1);
      });
    });

    it('leaves out what lies beyond the nucleus', () => {
      const [a, b, c, d] = shares({ temperature: 1, topP: 0.6 });
      expect([a, d]).toEqual([0, 0]);
      expect(b).toBeCloseTo(4 / 7, 1);
      expect(c).toBeCloseTo(3 / 7, 1);
    });

    it('always leaves the most likely token', () => {
      expect(shares({ temperature: 1, topP: 0.01 })).toEqual([0, 1, 0, 0]);
      expect(shares({ temperature: 1e-3, topP: 1 })).toEqual([0, 1, 0, 0]);
    });
  });
});
