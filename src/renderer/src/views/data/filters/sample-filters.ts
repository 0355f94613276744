/** The filters of a dataset page: as fields, as the page's address, as a query of the API, and in words. Pure. */
import { z } from 'zod';
import { MODALITIES } from '../../../../../shared/dataset.ts';

/** A number or an inclusive range as it is typed: `3`, `2-5`, `4-`; as `rangeQuerySchema` of the API takes it. */
export const RANGE = /^\d{1,9}(-\d{0,9})?$/;

const text = z.string().max(500).catch('');
const range = z.string().regex(RANGE).or(z.literal('')).catch('');

/** Every field is a text that is empty where it does not filter. A foreign address yields empty fields, no errors. */
const sampleFiltersSchema = z.object({
  /** Found in any text or in the id. */
  text: text.default(''),
  /** Found in an answer. */
  answer: text.default(''),
  /** An answer is exactly this. */
  answerIs: text.default(''),
  modality: z
    .enum(['', ...MODALITIES])
    .catch('')
    .default(''),
  broken: z.enum(['', 'only', 'none']).catch('').default(''),
  turns: range.default(''),
  answerLength: range.default(''),
  media: range.default(''),
  imageWidth: range.default(''),
  imageHeight: range.default(''),
});
export type SampleFilters = z.infer<typeof sampleFiltersSchema>;
export type FilterName = keyof SampleFilters;

export const NO_FILTERS: SampleFilters = sampleFiltersSchema.parse({});
const NAMES = Object.keys(NO_FILTERS) as FilterName[];

/** The filters that an address names. */
export function filtersFromAddress(query: Readonly<Record<string, unknown>>): SampleFilters {
  return sampleFiltersSchema.parse(Object.fromEntries(NAMES.map((name) => [name, query[name]])));
}

/** The query of the page's address: only what filters. */
export function filtersToAddress(filters: SampleFilters): Record<string, string> {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''));
}

/** Kinds of picture a sample must and must not have. */
function modalityQuery(modality: SampleFilters['modality']): Record<string, string> {
  switch (modality) {
    case '':
      return {};
    case 'text':
      return { hasImage: 'false', hasVideo: 'false' };
    case 'image':
      return { hasImage: 'true' };
    case 'video':
      return { hasVideo: 'true' };
  }
}

/** The query of `GET /datasets/:id/samples`, without its place. */
export function filtersToQuery({ modality, broken, ...texts }: SampleFilters): Record<string, string> {
  return {
    ...filtersToAddress({ ...NO_FILTERS, ...texts }),
    ...modalityQuery(modality),
    ...(broken === '' ? {} : { broken: String(broken === 'only') }),
  };
}

/** Whether everything is shown. */
export function isUnfiltered(filters: SampleFilters): boolean {
  return NAMES.every((name) => filters[name] === '');
}

/** A range in words: `3`, `2 to 5`, `4 or more`. */
function rangeInWords(typed: string): string {
  const [low = '', high] = typed.split('-');
  if (high === undefined || high === low) return low;
  return high === '' ? `${low} or more` : `${low} to ${high}`;
}

const MODALITY_WORDS = { text: 'text only', image: 'with image', video: 'with video' } as const;

function inWords(name: FilterName, value: string): string {
  switch (name) {
    case 'text':
      return `contains “${value}”`;
    case 'answer':
      return `answer contains “${value}”`;
    case 'answerIs':
      return `answer is “${value}”`;
    case 'modality':
      return MODALITY_WORDS[value as keyof typeof MODALITY_WORDS];
    case 'broken':
      return value === 'only' ? 'broken' : 'not broken';
    case 'turns':
      return `${rangeInWords(value)} ${value === '1' ? 'turn' : 'turns'}`;
    case 'answerLength':
      return `answer of ${rangeInWords(value)} ${value === '1' ? 'character' : 'characters'}`;
    case 'media':
      return `${rangeInWords(value)} ${value === '1' ? 'image or frame' : 'images or frames'}`;
    case 'imageWidth':
      return `image width ${rangeInWords(value)} px`;
    case 'imageHeight':
      return `image height ${rangeInWords(value)} px`;
  }
}

/** What filters at the moment, in words, to be taken away one by one. */
export function activeFilters(filters: SampleFilters): { name: FilterName; label: string }[] {
  return NAMES.filter((name) => filters[name] !== '').map((name) => ({ name, label: inWords(name, filters[name]) }));
}
