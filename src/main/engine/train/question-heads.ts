/**
 * Training targets for a vision tower without a language model: every question that is asked often becomes a
 * classification over the answers it gets. (LLaVA starts from CLIP's tower, trained on captions; a tower from scratch
 * needs a phase like it, see docs/results.)
 */

/** One answered question about one image. */
export interface AnsweredQuestion {
  readonly question: string;
  readonly answer: string;
}

/** Classes of one question: a contiguous range of all classes. */
interface Head {
  readonly first: number;
  readonly answers: ReadonlyMap<string, number>;
}

/** A question of a sample as classes: the range of its head and the right one. */
export interface HeadTarget {
  readonly firstClass: number;
  readonly classCount: number;
  readonly target: number;
}

/** The heads a dataset asks for. */
export class QuestionHeads {
  private readonly heads: ReadonlyMap<string, Head>;
  /** Classes of all heads together. */
  readonly classCount: number;

  /**
   * @param samples the answered questions of every image
   * @param minimumCount questions asked less often get no head
   * @param minimumAnswers nor do questions with fewer different answers; one with a single answer teaches nothing
   */
  constructor(samples: Iterable<readonly AnsweredQuestion[]>, minimumCount: number, minimumAnswers = 2) {
    const answers = countAnswers(samples);
    const heads = new Map<string, Head>();
    let first = 0;
    for (const question of [...answers.keys()].sort()) {
      const counts = answers.get(question) as Map<string, number>;
      const asked = [...counts.values()].reduce((a, b) => a + b, 0);
      if (asked < minimumCount || counts.size < minimumAnswers) continue;
      heads.set(question, { first, answers: new Map([...counts.keys()].sort().map((answer, i) => [answer, i])) });
      first += counts.size;
    }
    this.heads = heads;
    this.classCount = first;
  }

  get questionCount(): number {
    return this.heads.size;
  }

  /** The targets among a sample's questions; those without a head are left out. */
  targets(sample: readonly AnsweredQuestion[]): HeadTarget[] {
    return sample.flatMap(({ question, answer }) => {
      const head = this.heads.get(question);
      const index = head?.answers.get(answer);
      if (!head || index === undefined) return [];
      return [{ firstClass: head.first, classCount: head.answers.size, target: head.first + index }];
    });
  }
}

function countAnswers(samples: Iterable<readonly AnsweredQuestion[]>): Map<string, Map<string, number>> {
  const all = new Map<string, Map<string, number>>();
  for (const sample of samples) {
    for (const { question, answer } of sample) {
      const counts = all.get(question) ?? new Map<string, number>();
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
      all.set(question, counts);
    }
  }
  return all;
}
