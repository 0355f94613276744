import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRegisterFunctions } from '../../../../src/main/engine/backend/graph/binding.ts';
import { GraphCache } from '../../../../src/main/engine/backend/graph/graph-function.ts';
import { tf, type Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import type { EncodedRow } from '../../../../src/main/engine/data/batch.ts';
import { greedyTokens } from '../../../../src/main/engine/generate/sampling.ts';
import { Session } from '../../../../src/main/engine/generate/session.ts';
import { FULL, parseCompression, type Compression } from '../../../../src/shared/compression.ts';
import { EXECUTION_MODES } from '../../../../src/shared/execution-mode.ts';
import { Random } from '../../../../src/shared/random.ts';
import {
  answeredRow,
  extendedRow,
  fullForward,
  randomPixels,
  randomRow,
  smallModel,
  greedyWithLogits,
  withRows,
  type SmallModel,
} from '../../../helpers/small-model.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';

const SETTINGS = [
  ...['none', '1/8', '2/4', '4/2', '-1/4', '0/2', '3/5', '1/2+4/4', '-1/2+3/8', '5/64'],
  ...['2/4:average-pool-2d', '1/8:random', '-1/4:k-means', '3/4:k-means', '2/4:attention', '1/4:attention-all'],
  ...[
    '-1/4:visionzip+3/2:attention',
    '-1/8:prumerge-plus',
    '0/2:random+2/2:attention+4/2',
    '0/1+1/2:attention+3/2:k-means+5/2:random',
  ],
];
/** The engine's tolerance for logits. */
const LOGITS = 1e-4;
/** Recorded against op by op, relative. Rounding alone reaches 1.06e-6 at 2/4:attention. */
const betweenModes = (setting: string): number => (setting === '2/4:attention' ? 2e-6 : 1e-6);

let model: SmallModel;

const values = (tensor: Tensor): Float32Array => (tensor.dataSync() as Float32Array).slice();

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

const answers = (rows: readonly EncodedRow[], pixels: Float32Array, compression: Compression, count: number) =>
  greedyWithLogits(rows, pixels, compression, count, model);

describe.each(EXECUTION_MODES)('in %s mode', (execution) => {
  beforeAll(async () => {
    model = await smallModel(execution);
  });
  afterAll(() => model.dispose());

  describe('answering with a cache', () => {
    it.each(SETTINGS)('gives at %s the logits of a forward pass over everything, at every step', (setting) => {
      const random = Random.from(1, setting);
      const row = randomRow(random, [5, 11]);
      const pixels = randomPixels(random, [row], model.config);
      const compression = parseCompression(setting);
      const { ids, logits } = answers([row], pixels, compression, 6);
      logits.forEach((ours, step) => {
        const whole = fullForward(answeredRow(row, ids[0]!.slice(0, step)), pixels, compression, model);
        expect(largestDifference(ours, whole)).toBeLessThan(LOGITS);
      });
    });

    it.each(['none', '2/4', '-1/4', '2/4:attention', '3/2:k-means'])(
      'works at %s with two images and without any',
      (setting) => {
        const random = Random.from(2, setting);
        for (const shape of [[5, 1, 9], [20]]) {
          const row = randomRow(random, shape);
          const pixels = randomPixels(random, [row], model.config);
          const { ids, logits } = answers([row], pixels, parseCompression(setting), 3);
          const whole = fullForward(answeredRow(row, ids[0]!.slice(0, 2)), pixels, parseCompression(setting), model);
          expect(largestDifference(logits[2]!, whole)).toBeLessThan(LOGITS);
        }
      },
    );

    it.each(['none', '1/8', '-1/4', '1/2+4/4', '2/4:attention', '3/4:k-means', '-1/8:random'])(
      'answers a batch at %s as it answers each prompt alone',
      (setting) => {
        const random = Random.from(3, setting);
        const rows = [
          randomRow(random, [5, 3]),
          randomRow(random, [9, 30]),
          randomRow(random, [12]),
          randomRow(random, [2, 1, 8]),
        ];
        const pixels = rows.map((row) => randomPixels(random, [row], model.config));
        const joined = Float32Array.from(pixels.flatMap((own) => Array.from(own)));
        const compression = parseCompression(setting);
        const together = answers(rows, joined, compression, 20);
        rows.forEach((row, b) => {
          expect(together.ids[b]).toEqual(answers([row], pixels[b]!, compression, 20).ids[0]);
        });
      },
    );

    it('takes a stride of 1 for no compression', () => {
      const random = Random.from(4, 'stride');
      const row = randomRow(random, [5, 11]);
      const pixels = randomPixels(random, [row], model.config);
      const point = { layer: 2, stride: 1, compressor: 'average-pool' } as const;
      const full = answers([row], pixels, FULL, 4);
      const same = answers([row], pixels, [point], 4);
      expect(same.ids).toEqual(full.ids);
      expect(largestDifference(same.logits[3]!, full.logits[3]!)).toBeLessThan(1e-5);
    });
  });

  describe('questions that share a prompt', () => {
    it.each(['none', '2/4', '-1/4', '3/5'])('are answered at %s as if each was asked alone', (setting) => {
      const random = Random.from(5, setting);
      const compression = parseCompression(setting);
      const prompts = [randomRow(random, [5, 0]), randomRow(random, [7, 0])];
      const pixels = randomPixels(random, prompts, model.config);
      const perPrompt = pixels.length / 2;
      const questions = [
        [3, 6, 1],
        [4, 2, 8],
      ].map((lengths) => lengths.map((length) => [...randomRow(random, [length]).tokenIds]));
      const lengths = questions.flat().map((words) => words.length);
      const tokens = new Int32Array(6 * 8);
      questions.flat().forEach((words, row) => tokens.set(words, row * 8));
      const together = withRows(prompts, pixels, compression, model, (batch) => {
        const session = new Session(batch, model, 3, false);
        expect(session.promptLogits).toBeUndefined();
        const first = session.extend(tokens, lengths);
        const ids = [greedyTokens(first)];
        first.dispose();
        for (let step = 0; step < 5; step++) {
          const logits = session.extend(ids.at(-1)!);
          ids.push(greedyTokens(logits));
          logits.dispose();
        }
        session.dispose();
        return ids;
      });
      questions.flat().forEach((words, row) => {
        const prompt = Math.floor(row / 3);
        const own = pixels.slice(prompt * perPrompt, (prompt + 1) * perPrompt);
        const alone = answers([extendedRow(prompts[prompt]!, words)], own, compression, 6).ids[0];
        expect(together.map((step) => step[row])).toEqual(alone);
      });
    });

    it('may begin with nothing at all', () => {
      const random = Random.from(6, 'empty');
      const words = [...randomRow(random, [7]).tokenIds];
      const empty = randomRow(random, [0]);
      const whole = fullForward(extendedRow(empty, words), new Float32Array(), FULL, model);
      const ours = withRows([empty], new Float32Array(), FULL, model, (batch) => {
        const session = new Session(batch, model, 1, false);
        const logits = session.extend(Int32Array.from(words), [7]);
        const host = values(logits);
        logits.dispose();
        session.dispose();
        return host;
      });
      expect(largestDifference(ours, whole)).toBeLessThan(LOGITS);
    });
  });

  describe('a session', () => {
    it('knows the length of each layer of its cache, positions and bytes', () => {
      const random = Random.from(7, 'lengths');
      const rows = [randomRow(random, [5, 11]), randomRow(random, [3])];
      const pixels = randomPixels(random, rows, model.config);
      withRows(rows, pixels, parseCompression('2/4'), model, (batch) => {
        const session = new Session(batch, model);
        session.extend(Int32Array.of(20, 21)).dispose();
        expect(session.cacheLengths(0)).toEqual([81, 81, 33, 33, 33, 33]);
        expect(session.cacheLengths(1)).toEqual([4, 4, 4, 4, 4, 4]);
        expect([session.nextPosition(0), session.nextPosition(1)]).toEqual([81, 4]);
        const perToken = 2 * 4 * model.config.text.kvHeads * model.config.text.headDim;
        expect(session.cacheBytes()).toBe(perToken * (2 * 81 + 4 * 33 + 6 * 4));
        session.dispose();
      });
      withRows(rows, pixels, parseCompression('-1/4'), model, (batch) => {
        const session = new Session(batch, model);
        expect(session.cacheLengths(0)).toEqual(Array(6).fill(32));
        expect(session.nextPosition(0)).toBe(32);
        session.dispose();
      });
    });

    it('takes several tokens at once only as the first ones', () => {
      const row = randomRow(Random.from(8, 'several'), [4]);
      withRows([row], new Float32Array(), FULL, model, (batch) => {
        const session = new Session(batch, model);
        session.extend(Int32Array.of(20)).dispose();
        expect(() => session.extend(Int32Array.of(20, 21), [2])).toThrow('can only be the first ones');
        session.dispose();
      });
    });

    it('leaves no tensors, not even after an error', async () => {
      const random = Random.from(9, 'leak');
      const row = randomRow(random, [5, 11]);
      const pixels = randomPixels(random, [row], model.config);
      await expectNoLeakedTensors(() => answers([row], pixels, parseCompression('2/4'), 20));
      const broken = new Map([...model.weights].filter(([name]) => !name.includes('layers.3.')));
      await expectNoLeakedTensors(() =>
        withRows([row], pixels, FULL, model, (batch) => {
          const functions = new GraphCache<null>(execution);
          expect(() => new Session(batch, { ...model, weights: broken, functions })).toThrow('no weight is named');
        }),
      );
    });

    it('reads the device once for a token', () => {
      const row = randomRow(Random.from(10, 'reads'), [4]);
      withRows([row], new Float32Array(), FULL, model, (batch) => {
        const session = new Session(batch, model);
        const backend = tf.backend() as unknown as { readSync(id: object): unknown };
        const original = backend.readSync.bind(backend);
        let reads = 0;
        backend.readSync = (id) => (reads++, original(id));
        try {
          const logits = session.extend(Int32Array.of(20));
          greedyTokens(logits);
          logits.dispose();
        } finally {
          backend.readSync = original;
          session.dispose();
        }
        expect(reads).toBe(1);
      });
    });
  });
});

describe('recorded answering', () => {
  const recordedAndEager = async (use: (model: SmallModel) => void): Promise<void> => {
    for (const execution of EXECUTION_MODES) {
      model = await smallModel(execution);
      use(model);
      model.dispose();
    }
  };

  it.each(SETTINGS)('says at %s what answering op by op says, with the same logits', async (setting) => {
    const random = Random.from(11, setting);
    const rows = [randomRow(random, [5, 11]), randomRow(random, [9])];
    const found: ReturnType<typeof answers>[] = [];
    await recordedAndEager(({ config }) => {
      const pixels = randomPixels(Random.from(11, 'pixels'), rows, config);
      found.push(answers(rows, pixels, parseCompression(setting), 4));
    });
    const [graph, eager] = found as [(typeof found)[0], (typeof found)[0]];
    expect(graph.ids).toEqual(eager.ids);
    graph.logits.forEach((logits, step) => {
      const largest = eager.logits[step]!.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      expect(largestDifference(logits, eager.logits[step]!) / largest).toBeLessThan(betweenModes(setting));
    });
  });

  it.skipIf(!canRegisterFunctions())(
    'records a prefill, a first token, a function for each number of slots',
    async () => {
      model = await smallModel('graph');
      const row = randomRow(Random.from(12, 'few'), [4]);
      // 70 tokens behind the prompt: 32, 64 and 128 slots.
      const count = (): void => void answers([row], new Float32Array(), FULL, 71);
      count();
      expect(model.functions.counts).toEqual({ recorded: 5, evicted: 0 });
      const before = tf.memory().numTensors;
      count();
      expect(model.functions.counts.recorded).toBe(5);
      expect(tf.memory().numTensors).toBe(before);
      model.dispose();
      expect(model.functions.size).toBe(0);
    },
  );
});
