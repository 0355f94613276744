import { Hono } from 'hono';
import type { Studio } from '../studio.ts';
import { attentionRoutes } from './routes/attention.ts';
import { compareRoutes } from './routes/compare.ts';
import { datasetRoutes } from './routes/datasets.ts';
import { demoRoutes } from './routes/demo.ts';
import { engineRoutes } from './routes/engine.ts';
import { eventRoutes } from './routes/events.ts';
import { experimentRoutes } from './routes/experiments.ts';
import { fileRoutes } from './routes/files.ts';
import { jobRoutes } from './routes/jobs.ts';
import { mediaRoutes } from './routes/media.ts';
import { modelRoutes } from './routes/models.ts';
import { recipeRoutes } from './routes/recipes.ts';
import { runRoutes } from './routes/runs.ts';
import { sessionRoutes } from './routes/session.ts';
import { studyRoutes } from './routes/studies.ts';
import { uploadRoutes } from './routes/uploads.ts';

/** The API: one file for each noun. What it takes and gives is described in src/shared/api. */
export function createApi(studio: Studio) {
  return new Hono()
    .basePath('/api')
    .route('/session', sessionRoutes(studio))
    .route('/events', eventRoutes(studio))
    .route('/runs', runRoutes(studio))
    .route('/jobs', jobRoutes(studio))
    .route('/recipes', recipeRoutes(studio))
    .route('/datasets', datasetRoutes(studio))
    .route('/models', modelRoutes(studio))
    .route('/media', mediaRoutes(studio))
    .route('/uploads', uploadRoutes(studio))
    .route('/files', fileRoutes(studio))
    .route('/attention', attentionRoutes(studio))
    .route('/compare', compareRoutes(studio))
    .route('/studies', studyRoutes(studio))
    .route('/engine', engineRoutes(studio))
    .route('/demo', demoRoutes(studio))
    .route('/experiments', experimentRoutes(studio));
}

/** For the typed client, which knows the server by this type alone. */
export type StudioApi = ReturnType<typeof createApi>;
