import {
  modelExportSchema,
  type ModelExport,
  type NewExport,
  type StudioModel,
} from '../../../../shared/api/models.ts';
import { read, studio } from '../../api/client.ts';

const exports = studio.api.models.exports;

/** Begins an export; its job tells how far it is. @throws ApiError */
export const startExport = (json: NewExport): Promise<ModelExport> => read(modelExportSchema, exports.$post({ json }));

/** @throws ApiError */
export const fetchExport = (id: string): Promise<ModelExport> =>
  read(modelExportSchema, exports[':id'].$get({ param: { id } }));

/** How a model is called in a choice: `Finished model`, `Step 120`, or its own name. */
export function choiceLabel({ kind, step, label }: StudioModel): string {
  if (kind === 'final') return 'Finished model';
  return kind === 'checkpoint' && step !== undefined ? `Step ${step}` : label;
}

/** The folder that is proposed: `exports/staged`, `exports/staged-step-120`. */
export function proposedFolder({ id, run, kind, step }: StudioModel): string {
  const name = run ?? id.split('/').at(-1) ?? 'model';
  return `exports/${name}${kind === 'checkpoint' ? `-step-${step ?? 0}` : ''}`;
}
