import {
  TOKEN_KINDS,
  type AttentionLayer,
  type AttentionReport,
  type TokenKind,
} from '../../shared/attention-study.ts';
import { attentionFinding } from '../../shared/attention-finding.ts';
import type { Column } from '../../shared/markdown.ts';
import { textTable } from './table.ts';

const perToken = (kind: TokenKind): Column<AttentionLayer> => ({
  title: `per ${kind} token`,
  cell: (layer) => layer.perToken[kind]?.toExponential(2) ?? '–',
});
const share = (kind: TokenKind): Column<AttentionLayer> => ({
  title: `${kind} %`,
  cell: (layer) => (100 * layer.share[kind]).toFixed(2),
});

const COLUMNS: readonly Column<AttentionLayer>[] = [
  { title: 'layer', cell: ({ layer }) => String(layer) },
  { title: 'visual tokens', cell: ({ visualTokens }) => visualTokens.toFixed(1) },
  ...TOKEN_KINDS.filter((kind) => kind !== 'answer').map(perToken),
  ...TOKEN_KINDS.map(share),
];

/** Attention by depth as text. */
export function attentionText(report: AttentionReport): string[] {
  const { samples, answerTokens, tokens, compression, durationMs, layers } = report;
  const [system, visual, question, answer] = TOKEN_KINDS.map((kind) => `${tokens[kind].toFixed(1)} ${kind}`);
  return [
    `${answerTokens} answer tokens of ${samples} questions at ${compression}, in ${(durationMs / 1000).toFixed(1)} s`,
    `tokens of a question: ${system}, ${visual}, ${question}, ${answer}`,
    ...['', ...textTable(COLUMNS, layers), ''],
    'Attention weights are means over heads, answer tokens and questions. Shares of a layer sum to 100 %.',
    attentionFinding(report),
  ];
}
