import type { Storage } from '../../../../shared/api/engine.ts';

/** A part of the disk's use, with its share of all that is listed. */
export interface StorageRow {
  readonly key: string;
  readonly label: string;
  readonly hint: string;
  readonly bytes: number;
  readonly share: number;
}

const total = (storage: Storage, part: 'checkpointBytes' | 'modelBytes' | 'otherBytes'): number =>
  storage.runs.reduce((sum, run) => sum + run[part], 0);

/** What the studio's files take, in fixed order. */
export function storageRows(storage: Storage): StorageRow[] {
  const rows = [
    {
      key: 'checkpoints',
      label: 'Checkpoints of runs',
      hint: 'weights and optimizer state',
      bytes: total(storage, 'checkpointBytes'),
    },
    {
      key: 'finals',
      label: 'Finished models of runs',
      hint: 'Hugging Face folders',
      bytes: total(storage, 'modelBytes'),
    },
    { key: 'records', label: 'Metrics and records of runs', hint: '', bytes: total(storage, 'otherBytes') },
    { key: 'models', label: 'Models', hint: 'models/', bytes: storage.modelBytes },
    { key: 'data', label: 'Datasets', hint: 'data/', bytes: storage.dataBytes },
    { key: 'studio', label: 'Studio', hint: 'indexes, uploads, history', bytes: storage.studioBytes },
    { key: 'cache', label: 'Libraries', hint: 'TensorFlow and downloads', bytes: storage.cacheBytes },
  ];
  const sum = rows.reduce((all, { bytes }) => all + bytes, 0) || 1;
  return rows.map((row) => ({ ...row, share: row.bytes / sum }));
}

/** The runs that take most, the largest first. */
export function largestRuns(storage: Storage, count: number): Storage['runs'] {
  return [...storage.runs].sort((a, b) => b.bytes - a.bytes).slice(0, count);
}
