import { TOKEN_KINDS, type AttentionReport } from './attention-study.ts';

/** Attention by depth for a spreadsheet: a line of numbers for each layer, empty where there is none. */
export function attentionCsv({ layers }: AttentionReport): string {
  const head = [
    ...['layer', 'visual_tokens'],
    ...TOKEN_KINDS.map((kind) => `per_${kind}_token`),
    ...TOKEN_KINDS.map((kind) => `${kind}_share`),
  ];
  const rows = layers.map(({ layer, visualTokens, perToken, share }) => [
    ...[layer, visualTokens],
    ...TOKEN_KINDS.map((kind) => perToken[kind] ?? ''),
    ...TOKEN_KINDS.map((kind) => share[kind]),
  ]);
  return [head, ...rows].map((cells) => `${cells.join(',')}\n`).join('');
}
