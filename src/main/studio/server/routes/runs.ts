import { Hono } from 'hono';
import { metricsQuerySchema } from '../../../../shared/api/metrics-query.ts';
import {
  newRunSchema,
  runActionSchema,
  runChangeSchema,
  type RunDetail,
  type RunSummary,
} from '../../../../shared/api/runs.ts';
import { metricsAnswer, metricsCsv } from '../../runs/metrics-answer.ts';
import { runCosts } from '../../runs/run-costs.ts';
import { readSamples } from '../../runs/run-files.ts';
import { readLog } from '../../runs/run-log.ts';
import { checkpointProblem } from '../../runs/verify-checkpoint.ts';
import { definedOnly } from '../../runs/run-summary.ts';
import { notFound } from '../../request-error.ts';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

const DONE = { done: true } as const;

/** Lines as the body of an answer: each is made when the reader asks for it. */
function textStream(lines: Iterator<string, void>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const next = lines.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
  });
}

/** `/runs`: the table of runs, one run with its files, and what can be done with it. */
export function runRoutes(studio: Studio) {
  const { runs, desk } = studio;
  const existing = (name: string): string => {
    if (!runs.has(name)) throw notFound(`run ${name}`);
    return name;
  };
  return new Hono()
    .get('/', async (context) => context.json({ runs: await studio.runSummaries() }))
    .post('/', checked('json', newRunSchema), async (context) => {
      const run: RunSummary = await desk.add(context.req.valid('json'));
      return context.json(run, 201);
    })
    .get('/:name', async (context) => context.json(await detail(studio, context.req.param('name'))))
    .patch('/:name', checked('json', runChangeSchema), async (context) => {
      const name = context.req.param('name');
      await runs.change(name, context.req.valid('json'));
      return context.json(await studio.tellRun(name));
    })
    .delete('/:name', async (context) => {
      await studio.removeRun(context.req.param('name'));
      return context.json(DONE);
    })
    .post('/:name/actions', checked('json', runActionSchema), async (context) => {
      const name = context.req.param('name');
      await desk.act(name, context.req.valid('json').action);
      return context.json(await studio.tellRun(name));
    })
    .get('/:name/metrics', checked('query', metricsQuerySchema), async (context) => {
      const name = existing(context.req.param('name'));
      return context.json(metricsAnswer(name, await runs.metrics(name), context.req.valid('query')));
    })
    .get('/:name/metrics.csv', async (context) => {
      const name = existing(context.req.param('name'));
      const body = textStream(metricsCsv(await runs.metrics(name)));
      const headers = {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="${name}.csv"`,
      };
      return context.body(body, 200, headers);
    })
    .get('/:name/costs', async (context) => {
      const name = existing(context.req.param('name'));
      return context.json(await runCosts(runs.folderOf(name), await runs.metrics(name)));
    })
    .post('/:name/checkpoints/:checkpoint/verify', async (context) => {
      const { name, checkpoint } = context.req.param();
      const problem = await checkpointProblem(runs.checkpointFolder(existing(name), checkpoint));
      return context.json({ name: checkpoint, ...definedOnly({ problem }) });
    })
    .get('/:name/log', async (context) => {
      const name = context.req.param('name');
      return context.json({ lines: await readLog(runs.folderOf(name)) });
    })
    .get('/:name/samples', async (context) => {
      const name = existing(context.req.param('name'));
      return context.json({ samples: await readSamples(runs.folderOf(name)) });
    });
}

/** A run with its files, or what is known of one that only waits. */
async function detail({ runs, desk }: Studio, name: string): Promise<RunDetail> {
  const waiting = await desk.waitingRecipe(name);
  if (waiting === undefined) return runs.detail(name);
  const summary = await desk.summary(name);
  if (!summary) throw notFound(`run ${name}`);
  return { summary, recipeYaml: waiting, checkpoints: [], evaluations: [], folder: `runs/${name}` };
}
