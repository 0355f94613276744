import type { Histogram } from '../../../shared/api/datasets.ts';
import { MODALITIES, type Modality } from '../../../shared/dataset.ts';
import type { IndexHead } from '../../../shared/dataset-index.ts';
import { textBytes, type Sample } from './dataset-reader.ts';

/** Bars of a histogram at most. */
const BARS = 32;
/** Answers that are counted word for word: longer ones hardly repeat, and others beyond the limit are not taken up. */
const [COUNTED_LENGTH, COUNTED_ANSWERS, SHOWN_ANSWERS] = [60, 100_000, 30];

/** How often each whole number came up. */
class Distribution {
  private readonly counts = new Map<number, number>();

  add(value: number): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
  }

  /** Bars of equal, whole width. */
  histogram(): Histogram {
    if (this.counts.size === 0) return { edges: [], counts: [] };
    const values = [...this.counts.keys()];
    const low = values.reduce((least, value) => Math.min(least, value));
    const high = values.reduce((greatest, value) => Math.max(greatest, value));
    const width = Math.max(1, Math.ceil((high - low + 1) / BARS));
    const bars = Math.ceil((high - low + 1) / width);
    const counts = Array.from({ length: bars }, () => 0);
    for (const [value, count] of this.counts) counts[Math.floor((value - low) / width)]! += count;
    return { edges: Array.from({ length: bars + 1 }, (_, i) => low + i * width), counts };
  }
}

/** How the samples of a dataset are distributed. */
export class DatasetTally {
  private readonly modalities: Record<Modality, number> = { text: 0, image: 0, video: 0 };
  private readonly turns = new Distribution();
  private readonly answerLength = new Distribution();
  private readonly questionLength = new Distribution();
  private readonly imagesPerSample = new Distribution();
  private readonly bytes = new Distribution();
  private readonly width = new Distribution();
  private readonly height = new Distribution();
  private readonly answers = new Map<string, number>();
  private totals = { samples: 0, turns: 0, media: 0, textBytes: 0, pictures: 0 };

  add(sample: Sample): void {
    const bytes = textBytes(sample);
    this.modalities[sample.modality]++;
    this.turns.add(sample.turns.length);
    this.imagesPerSample.add(sample.images.length);
    this.bytes.add(bytes);
    this.totals.samples++;
    this.totals.turns += sample.turns.length;
    this.totals.media += sample.images.length;
    this.totals.textBytes += bytes;
    for (const { question, answer } of sample.turns) {
      this.questionLength.add(question.length);
      this.answerLength.add(answer.length);
      this.countAnswer(answer);
    }
  }

  /** Pixels of a picture. */
  addPicture(width: number, height: number): void {
    this.width.add(width);
    this.height.add(height);
    this.totals.pictures++;
  }

  result(): Pick<IndexHead, 'turns' | 'media' | 'textBytes' | 'modalities' | 'stats'> {
    const { samples, turns, media, textBytes: all, pictures } = this.totals;
    const frequent = [...this.answers].sort(([, a], [, b]) => b - a).slice(0, SHOWN_ANSWERS);
    return {
      ...{ turns, media, textBytes: all },
      modalities: Object.fromEntries(MODALITIES.map((name) => [name, this.modalities[name]])) as Record<
        Modality,
        number
      >,
      stats: {
        ...{ turns: this.turns.histogram(), answerLength: this.answerLength.histogram() },
        ...{ questionLength: this.questionLength.histogram(), imagesPerSample: this.imagesPerSample.histogram() },
        ...{ textBytes: this.bytes.histogram(), imageWidth: this.width.histogram() },
        ...{ imageHeight: this.height.histogram(), pictures, meanTurns: samples === 0 ? 0 : turns / samples },
        answers: frequent.map(([answer, count]) => ({ answer, count })),
      },
    };
  }

  private countAnswer(answer: string): void {
    const before = this.answers.get(answer);
    if (before === undefined && (answer.length > COUNTED_LENGTH || this.answers.size >= COUNTED_ANSWERS)) return;
    this.answers.set(answer, (before ?? 0) + 1);
  }
}
