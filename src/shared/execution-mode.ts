import { z } from 'zod';

/**
 * How the engine runs its ops. `graph`, the default: as recorded TensorFlow functions, where the addon can. `eager`: one
 * by one, as JavaScript calls them.
 */
export const executionModeSchema = z.enum(['graph', 'eager']);
export type ExecutionMode = z.infer<typeof executionModeSchema>;
