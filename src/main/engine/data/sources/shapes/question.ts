import type { Random } from '../../../../../shared/random.ts';

/** A question that could be asked, with its true answer. */
export interface Candidate {
  /** What is reported apart, e.g. `count`. */
  readonly type: string;
  /** Within a group the answers are balanced: a question of this form must not give its answer away. */
  readonly group: string;
  /** What the question is about. One fact is asked at most once per picture, so no turn repeats another one's answer. */
  readonly fact: string;
  /** Ways to say it, each equally likely. */
  readonly texts: readonly string[];
  readonly answer: string;
  /** What is balanced instead of the answer, where answers are free phrases (`first` or `second` of two). */
  readonly balanceKey?: string;
}

/** A question as asked. */
export interface AskedQuestion {
  readonly type: string;
  /** Group and balance key of the candidate it came from. */
  readonly group: string;
  readonly key: string;
  readonly question: string;
  readonly answer: string;
}

/** Picks questions so that types, forms and answers all come equally often over a split. */
export class QuestionBalance {
  private readonly used = new Map<string, number>();

  /** Up to `count` questions about one picture, no fact and no text twice. */
  choose(candidates: readonly Candidate[], count: number, random: Random): AskedQuestion[] {
    const chosen: AskedQuestion[] = [];
    let left = [...candidates];
    while (chosen.length < count && left.length > 0) {
      const asked = new Set(chosen.map((question) => question.type));
      const fresh = left.filter((candidate) => !asked.has(candidate.type));
      const candidate = this.rarest(fresh.length > 0 ? fresh : left, random);
      this.count(candidate);
      const question = random.pick(candidate.texts);
      const { type, group, answer } = candidate;
      chosen.push({ type, group, key: balanceKey(candidate), question, answer });
      left = left.filter((other) => other.fact !== candidate.fact && !other.texts.includes(question));
    }
    return random.shuffle(chosen);
  }

  /** The least used type, in it the least used form, in it the least used answer. */
  private rarest(candidates: readonly Candidate[], random: Random): Candidate {
    let pool = candidates;
    for (const key of [typeKey, groupKey, answerKey]) {
      const uses = pool.map((candidate) => this.used.get(key(candidate)) ?? 0);
      const least = Math.min(...uses);
      pool = pool.filter((_, i) => uses[i] === least);
    }
    return random.pick(pool);
  }

  private count(candidate: Candidate): void {
    for (const key of [typeKey, groupKey, answerKey]) {
      const name = key(candidate);
      this.used.set(name, (this.used.get(name) ?? 0) + 1);
    }
  }
}

const balanceKey = (candidate: Candidate): string => candidate.balanceKey ?? candidate.answer;
const typeKey = (candidate: Candidate): string => candidate.type;
const groupKey = (candidate: Candidate): string => `${candidate.type}/${candidate.group}`;
const answerKey = (candidate: Candidate): string => `${groupKey(candidate)}/${balanceKey(candidate)}`;

/** How the answers to one type of question are spread. */
export interface AnswerDistribution {
  readonly questions: number;
  /** Accuracy of a guesser who sees the form of the question, not the picture: the most frequent answer of each group. */
  readonly majority: number;
  /** Group → answer (or `first` and `second` of the two that are named) → questions, most frequent first. */
  readonly answers: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Answer counts by question type. */
export function answerDistribution(questions: readonly AskedQuestion[]): Record<string, AnswerDistribution> {
  const types = [...new Set(questions.map((question) => question.type))].sort();
  return Object.fromEntries(
    types.map((type) => [type, spread(questions.filter((question) => question.type === type))]),
  );
}

function spread(questions: readonly AskedQuestion[]): AnswerDistribution {
  const groups = [...new Set(questions.map((question) => question.group))].sort();
  const answers = groups.map((group) => countKeys(questions.filter((question) => question.group === group)));
  const guessed = answers.reduce((sum, counts) => sum + (counts[0]?.[1] ?? 0), 0);
  return {
    questions: questions.length,
    majority: guessed / questions.length,
    answers: Object.fromEntries(groups.map((group, i) => [group, Object.fromEntries(answers[i] ?? [])])),
  };
}

function countKeys(questions: readonly AskedQuestion[]): [key: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { key } of questions) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}
