import { z } from 'zod';

/**
 * How the engine runs its ops. `graph`, the default: as recorded TensorFlow functions, where the addon can. `eager`: one
 * by one, as JavaScript calls them.
 */
export const EXECUTION_MODES = ['graph', 'eager'] as const;
export const executionModeSchema = z.enum(EXECUTION_MODES);
export type ExecutionMode = z.infer<typeof executionModeSchema>;
