import { optionLetter, type Benchmark } from '../../../../shared/benchmark.ts';
import { gqaAnswer } from '../scorers/gqa.ts';
import { optionOf } from '../scorers/option-letter.ts';
import { popeSaysYes } from '../scorers/pope.ts';
import { scienceqaLetter } from '../scorers/scienceqa.ts';
import { byTag, idOf, jsonFile, jsonLinesFile, questionOf, type AnswerForm, type AnswerRow } from './answer-form.ts';

/** Results of the VQA challenge, for its server and TextVQA's: a list of `question_id` and `answer`. */
const vqa: AnswerForm = (rows) => jsonFile(rows.map((row) => ({ question_id: idOf(row), answer: row.answer })));

/** VizWiz's server: a list of `image` and `answer`. */
const vizwiz: AnswerForm = (rows) => jsonFile(rows.map((row) => ({ image: idOf(row), answer: row.answer })));

/** GQA's `eval.py`: a list of `questionId` and `prediction`. */
const gqa: AnswerForm = (rows) =>
  jsonFile(rows.map((row) => ({ questionId: idOf(row), prediction: gqaAnswer(row.answer) })));

/** ScienceQA's `evaluate_acc.py`: `results`, the chosen option's place by problem; -1 where none was chosen. */
const scienceqa: AnswerForm = (rows) => {
  const placeOf = ({ answer, scoring }: AnswerRow): number => {
    const count = scoring?.options?.length ?? 0;
    const letter = scienceqaLetter(answer, count);
    return Array.from({ length: count }, (_, place) => optionLetter(place)).findIndex((one) => one === letter);
  };
  return jsonFile({ results: Object.fromEntries(rows.map((row) => [idOf(row), placeOf(row)])) });
};

/** POPE's `evaluate.py`: lines of `question` and `answer`, a file for each setting. */
const pope: AnswerForm = (rows) =>
  [...byTag(rows, 'setting')].map(([part, ofSetting]) => ({
    part,
    ...jsonLinesFile(
      ofSetting.map((row) => ({ question: questionOf(row), answer: popeSaysYes(row.answer) ? 'yes' : 'no' })),
    ),
  }));

/** Texts as one cell. */
const cell = (text: string): string => text.replace(/[\t\r\n]+/g, ' ').trim();

/** MME's `calculation.py`: a file for each subtask, with lines of picture, question, right answer and answer. */
const mme: AnswerForm = (rows) => {
  const yesNo = (expected: string): string => (expected === 'yes' ? 'Yes' : 'No');
  const line = (row: AnswerRow): string =>
    [row.scoring?.media ?? '', questionOf(row), yesNo(row.expected), row.answer].map(cell).join('\t');
  return [...byTag(rows, 'subtask')].map(([part, ofTask]) => ({
    part,
    content: ofTask.map((row) => `${line(row)}\n`).join(''),
  }));
};

/** MMBench's columns with `prediction`, as TSV; its server takes the same as a spreadsheet. */
const mmbench: AnswerForm = (rows) => {
  const letters = ['A', 'B', 'C', 'D', 'E', 'F'];
  const line = (row: AnswerRow): string => {
    const options = letters.map((_, place) => row.scoring?.options?.[place] ?? '');
    return [String(idOf(row)), questionOf(row), ...options, row.answer].map(cell).join('\t');
  };
  const head = ['index', 'question', ...letters, 'prediction'].join('\t');
  return [{ content: [head, ...rows.map(line), ''].join('\n') }];
};

/** SEED-Bench's leaderboard: lines of `question_id` and `prediction`, a letter. */
const seed: AnswerForm = (rows) => {
  const letter = ({ answer, scoring }: AnswerRow): string => optionOf(answer, scoring?.options ?? []) ?? answer;
  return [jsonLinesFile(rows.map((row) => ({ question_id: idOf(row), prediction: letter(row) })))];
};

/** MM-Vet's evaluator: the answer by question. */
const mmVet: AnswerForm = (rows) => jsonFile(Object.fromEntries(rows.map((row) => [idOf(row), row.answer])));

/** LLaVA-Bench's `eval_gpt_review_bench.py`: lines as LLaVA's `model_vqa.py` writes them. */
const llavaBench: AnswerForm = (rows, model) => [
  jsonLinesFile(
    rows.map((row) => ({
      ...{ question_id: idOf(row), prompt: questionOf(row), text: row.answer },
      ...{ answer_id: `${model}-${idOf(row)}`, model_id: model, metadata: {} },
    })),
  ),
];

/** Video-ChatGPT's `evaluate_activitynet_qa.py`: a list of `video_name`, `Q`, `A` and `pred`. */
const video: AnswerForm = (rows) =>
  jsonFile(
    rows.map((row) => ({
      ...{ video_name: row.scoring?.media ?? row.id, Q: questionOf(row), A: row.expected, pred: row.answer },
    })),
  );

/** Of a dataset that is no benchmark: lines of `id`, `question`, `expected` and `answer`. */
export const plainForm: AnswerForm = (rows) => [
  jsonLinesFile(rows.map(({ id, text, expected, answer }) => ({ id, question: text, expected, answer }))),
];

/** The form in which each benchmark takes answers. */
export const ANSWER_FORMS: Readonly<Record<Benchmark, AnswerForm>> = {
  ...{ gqa, vqav2: vqa, vizwiz, textvqa: vqa, scienceqa, pope, mme, mmbench, 'mmbench-cn': mmbench },
  ...{ 'seed-bench': seed, 'mm-vet': mmVet, 'llava-bench': llavaBench },
  ...{ 'msvd-qa': video, 'msrvtt-qa': video, 'activitynet-qa': video },
};
