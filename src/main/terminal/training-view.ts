import type { EngineMessage, MetricsMessage } from '../../shared/engine-protocol.ts';
import type { TrainMetrics } from '../../shared/metrics.ts';
import type { RunPlan, RunState } from '../../shared/run-record.ts';

/** What a terminal shows of a training: everything comes from the engine's messages. */
export interface TrainingView {
  readonly name: string;
  readonly state: RunState;
  readonly reason?: string;
  readonly plan?: RunPlan;
  /** Optimizer steps done, and micro-batches of the next one. */
  readonly step: number;
  readonly microBatch: number;
  readonly metrics?: MetricsMessage['metrics'];
  /** Exponential means, in which the last steps weigh most. */
  readonly smoothedLoss?: number;
  readonly smoothedStepMs?: number;
}

const SMOOTHING = 0.95;

const smooth = (mean: number | undefined, value: number): number =>
  mean === undefined ? value : SMOOTHING * mean + (1 - SMOOTHING) * value;

export const emptyView = (name: string): TrainingView => ({ name, state: 'created', step: 0, microBatch: 0 });

/** The view after a message. */
export function updateView(view: TrainingView, message: EngineMessage): TrainingView {
  switch (message.type) {
    case 'plan':
      return { ...view, plan: message.plan, step: message.fromStep };
    case 'state':
      return { ...view, state: message.state, reason: message.reason };
    case 'micro':
      return { ...view, step: message.step, microBatch: message.microBatch };
    case 'metrics': {
      const { metrics } = message;
      return {
        ...view,
        metrics,
        step: metrics.step,
        microBatch: 0,
        smoothedLoss: smooth(view.smoothedLoss, metrics.loss),
        smoothedStepMs: smooth(view.smoothedStepMs, metrics.stepMs),
      };
    }
    default:
      return view;
  }
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** 1234567 → `1.23M`. */
export function shortNumber(value: number): string {
  const index = value < 1000 ? 0 : Math.min(PREFIXES.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** index;
  return index === 0 ? String(Math.round(scaled)) : `${scaled.toPrecision(3)}${PREFIXES[index] ?? ''}`;
}

/** Milliseconds as `1:02:03` or `2:03`. */
export function clockTime(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

const BAR_WIDTH = 24;

function progressBar(share: number): string {
  const filled = Math.round(BAR_WIDTH * Math.min(1, share));
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
}

/** The stages with the one that runs marked: `2/8 ▸[16/8]▸ 16/2 ▸ none`. */
export function stageStrip(plan: RunPlan, step: number): string {
  return plan.stages
    .map(({ firstStep, untilStep, compression }) => {
      const runs = step >= firstStep && (step < untilStep || untilStep === plan.totalSteps);
      return runs ? `[${compression}]` : compression;
    })
    .join(' ▸ ');
}

const isTrainMetrics = (metrics: MetricsMessage['metrics']): metrics is TrainMetrics => 'visualTokens' in metrics;

function savedText({ visualTokensSeen, visualTokensSaved }: TrainMetrics): string {
  const full = visualTokensSeen + visualTokensSaved;
  const share = full === 0 ? 0 : (100 * visualTokensSaved) / full;
  return `saved ${shortNumber(visualTokensSaved)} (${share.toFixed(0)} %)`;
}

function lossText({ metrics, smoothedLoss = 0 }: TrainingView): string {
  return metrics ? `loss ${smoothedLoss.toFixed(4)} · lr ${metrics.lr.toExponential(2)}` : '';
}

function workText(metrics: MetricsMessage['metrics']): string {
  if (!isTrainMetrics(metrics)) {
    return `accuracy ${(100 * metrics.accuracy).toFixed(1)} % · ${shortNumber(metrics.imagesPerSecond)} images/s`;
  }
  const tokens = `visual tokens ${shortNumber(metrics.visualTokens)}/step · ${savedText(metrics)}`;
  return `${tokens} · ${shortNumber(metrics.tokensPerSecond)} tokens/s`;
}

function stageText({ plan, step, metrics }: TrainingView): string {
  if (!plan || plan.stages.length === 0) return '';
  const ratio = metrics && isTrainMetrics(metrics) ? ` · CR ${metrics.compressionRatio.toFixed(0)} %` : '';
  return `K/S ${stageStrip(plan, step)}${ratio}`;
}

function remainingText({ plan, step, smoothedStepMs }: TrainingView): string {
  if (!plan || smoothedStepMs === undefined) return '';
  return `ETA ${clockTime((plan.totalSteps - step) * smoothedStepMs)}`;
}

const joined = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join(' · ');

/** The live view, at most `width` columns wide. */
export function renderView(view: TrainingView, width: number): string[] {
  const { name, plan, step, microBatch, state, reason, metrics } = view;
  const total = plan?.totalSteps ?? 0;
  const done = step + microBatch / (plan?.accumulate ?? 1);
  const share = total === 0 ? 0 : done / total;
  const head = `${name}  ${progressBar(share)} ${step}/${total}  ${(100 * share).toFixed(0).padStart(3)} %`;
  const lines = [
    joined(head, state === 'running' ? remainingText(view) : state),
    stageText(view),
    metrics ? joined(lossText(view), workText(metrics)) : '',
    reason ?? '',
  ];
  return lines.filter(Boolean).map((line) => line.slice(0, Math.max(1, width)));
}

/** One line for a log. */
export function renderLine(view: TrainingView): string {
  const { plan, step, metrics } = view;
  const position = `step ${step}/${plan?.totalSteps ?? 0}`;
  const stage = metrics && isTrainMetrics(metrics) ? `K/S ${metrics.compression}` : '';
  return joined(position, stage, lossText(view), metrics && workText(metrics), remainingText(view));
}
