import { Hono } from 'hono';
import { z } from 'zod';
import {
  benchmarkDatasetSchema,
  exampleDatasetSchema,
  newDatasetSchema,
  samplesQuerySchema,
  sampleTokensQuerySchema,
} from '../../../../shared/api/datasets.ts';
import { sampleTokens } from '../../datasets/sample-tokens.ts';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

const sampleParam = z.strictObject({ id: z.string(), index: z.coerce.number().int().min(0) });

/** `/datasets`: the library, its samples and what is wrong with them. */
export function datasetRoutes({ datasets, models }: Studio) {
  return new Hono()
    .get('/', (context) => context.json({ datasets: datasets.list() }))
    .post('/', checked('json', newDatasetSchema), async (context) =>
      context.json(await datasets.add(context.req.valid('json')), 201),
    )
    .post('/examples', checked('json', exampleDatasetSchema), (context) =>
      context.json(datasets.addExample(context.req.valid('json')), 201),
    )
    .post('/benchmarks', checked('json', benchmarkDatasetSchema), async (context) =>
      context.json(await datasets.addBenchmark(context.req.valid('json')), 201),
    )
    .get('/:id', async (context) => context.json(await datasets.detail(context.req.param('id'))))
    .delete('/:id', async (context) => {
      await datasets.remove(context.req.param('id'));
      return context.json({ done: true } as const);
    })
    .get('/:id/stats', async (context) => context.json(await datasets.stats(context.req.param('id'))))
    .get('/:id/samples', checked('query', samplesQuerySchema), async (context) =>
      context.json(await datasets.samples(context.req.param('id'), context.req.valid('query'))),
    )
    .get('/:id/samples/:index', checked('param', sampleParam), async (context) => {
      const { id, index } = context.req.valid('param');
      return context.json(await datasets.sample(id, index));
    })
    .get(
      '/:id/samples/:index/tokens',
      checked('param', sampleParam),
      checked('query', sampleTokensQuerySchema),
      async (context) => {
        const { id, index } = context.req.valid('param');
        const { model } = context.req.valid('query');
        const { visualTokens } = await models.sizeOf(model);
        return context.json(await sampleTokens(await datasets.index(id), index, models.folderOf(model), visualTokens));
      },
    );
}
