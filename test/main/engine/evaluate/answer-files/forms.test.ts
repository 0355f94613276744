import { describe, expect, it } from 'vitest';
import type { AnswerRow } from '../../../../../src/main/engine/evaluate/answer-files/answer-form.ts';
import { ANSWER_FORMS, plainForm } from '../../../../../src/main/engine/evaluate/answer-files/forms.ts';
import type { Benchmark, Scoring } from '../../../../../src/shared/benchmark.ts';

const row = (benchmark: Benchmark, answer: string, scoring: Partial<Scoring> = {}, expected = 'yes'): AnswerRow => ({
  id: '7#0',
  text: 'prompt',
  expected,
  answer,
  scoring: { benchmark, id: 7, question: 'What?', ...scoring },
});

/** The only file of a form. */
function contentOf(benchmark: Benchmark, ...rows: AnswerRow[]): string {
  const files = ANSWER_FORMS[benchmark](rows, 'tiny');
  expect(files).toHaveLength(1);
  return files[0]!.content;
}

const options = ['rock', 'milk'];

describe('the answers of', () => {
  it.each<[Benchmark, AnswerRow, unknown]>([
    ['vqav2', row('vqav2', 'red'), [{ question_id: 7, answer: 'red' }]],
    ['textvqa', row('textvqa', 'acme'), [{ question_id: 7, answer: 'acme' }]],
    ['vizwiz', row('vizwiz', 'a can', { id: 'V_1.jpg' }), [{ image: 'V_1.jpg', answer: 'a can' }]],
    ['gqa', row('gqa', 'Red.', { id: '7' }), [{ questionId: '7', prediction: 'red' }]],
    ['scienceqa', row('scienceqa', 'B', { options }), { results: { '7': 1 } }],
    ['scienceqa', row('scienceqa', 'none', { options }), { results: { '7': -1 } }],
    ['mm-vet', row('mm-vet', 'three', { id: 'v1_0' }), { v1_0: 'three' }],
    [
      'msvd-qa',
      row('msvd-qa', 'dog', { media: 'clip' }, 'cat'),
      [{ video_name: 'clip', Q: 'What?', A: 'cat', pred: 'dog' }],
    ],
    ['seed-bench', row('seed-bench', 'milk', { options }), { question_id: 7, prediction: 'B' }],
    [
      'llava-bench',
      row('llava-bench', 'It is.'),
      { question_id: 7, prompt: 'What?', text: 'It is.', answer_id: 'tiny-7', model_id: 'tiny', metadata: {} },
    ],
  ])('%s are %j', (benchmark, answered, form) => {
    expect(JSON.parse(contentOf(benchmark, answered))).toEqual(form);
  });

  it('POPE and MME have a file for each part', () => {
    const ofSetting = (setting: string, answer: string): AnswerRow => row('pope', answer, { tags: { setting } });
    const rows = [ofSetting('random', 'Yes, a cat'), ofSetting('popular', 'No'), ofSetting('random', 'no')];
    expect(ANSWER_FORMS.pope(rows, 'tiny')).toEqual([
      { part: 'random', content: '{"question":"What?","answer":"yes"}\n{"question":"What?","answer":"no"}\n' },
      { part: 'popular', content: '{"question":"What?","answer":"no"}\n' },
    ]);
    const mme = row('mme', 'Yes,\tit is', { media: '1.jpg', tags: { subtask: 'count' } });
    expect(ANSWER_FORMS.mme([mme], 'tiny')).toEqual([{ part: 'count', content: '1.jpg\tWhat?\tYes\tYes, it is\n' }]);
  });

  it('MMBench are its columns', () => {
    const [head, line, end] = contentOf('mmbench', row('mmbench', 'B', { options })).split('\n');
    expect(head).toBe('index\tquestion\tA\tB\tC\tD\tE\tF\tprediction');
    expect([line, end]).toEqual(['7\tWhat?\trock\tmilk\t\t\t\t\tB', '']);
  });

  it('a dataset of one’s own are lines', () => {
    const [file] = plainForm([{ id: '1', text: 'What?', expected: 'a', answer: 'b' }], 'tiny');
    expect(file!.content).toBe('{"id":"1","question":"What?","expected":"a","answer":"b"}\n');
  });
});
