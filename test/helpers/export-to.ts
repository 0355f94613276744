import { join } from 'node:path';
import { exportJobSchema, type Exported, type ExportJob } from '../../src/shared/export.ts';
import { runExportJob } from '../../src/main/engine/export/export-job.ts';
import { JobControl } from '../../src/main/engine/jobs/job-control.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Runs an export, by default of the whole model in float32 to a new folder. */
export async function exportTo(job: Partial<ExportJob> & Pick<ExportJob, 'model'>): Promise<Exported> {
  const folder = join(temporaryFolder(), 'exported');
  const whole = exportJobSchema.parse({ kind: 'export', folder, ...job });
  let exported: Exported | undefined;
  for await (const message of runExportJob(whole, new JobControl())) {
    if (message.type === 'exported') exported = message.exported;
  }
  if (!exported) throw new Error('an export ends with what it has written');
  return exported;
}
