import { Hono } from 'hono';
import { recipeTextSchema, type RecipeCheck } from '../../../../shared/api/recipes.ts';
import { checkRecipeText } from '../../../../shared/recipe-text.ts';
import { preflight } from '../../recipes/preflight.ts';
import { presetList } from '../../recipes/preset-list.ts';
import { definedOnly } from '../../runs/run-summary.ts';
import type { Studio } from '../../studio.ts';
import { checked } from '../validate.ts';

/** `/recipes`: presets, and what can be told of a recipe before it is trained. */
export function recipeRoutes(studio: Studio) {
  return new Hono()
    .get('/', (context) => context.json({ presets: presetList() }))
    .post('/check', checked('json', recipeTextSchema), (context) => {
      const { recipe, problems } = checkRecipeText(context.req.valid('json').yaml);
      return context.json({ ...definedOnly({ recipe }), problems: [...problems] } satisfies RecipeCheck);
    })
    .post('/preflight', checked('json', recipeTextSchema), async (context) =>
      context.json(await preflight(context.req.valid('json').yaml, studio.preflightTools)),
    )
    .post('/probe', checked('json', recipeTextSchema), async (context) =>
      context.json(await studio.probes.start(context.req.valid('json').yaml), 201),
    )
    .get('/probes/:id', (context) => context.json(studio.probes.get(context.req.param('id'))));
}
