import type { Benchmark } from '../../../../shared/benchmark.ts';
import { importGqa } from './gqa.ts';
import type { Importer } from './importer.ts';
import { importLlavaBench } from './llava-bench.ts';
import { importMmVet } from './mm-vet.ts';
import { importMmbench } from './mmbench.ts';
import { importMme } from './mme.ts';
import { importPope } from './pope.ts';
import { importScienceqa } from './scienceqa.ts';
import { importSeedBench } from './seed-bench.ts';
import { importTextvqa } from './textvqa.ts';
import { importVideoQa } from './video-qa.ts';
import { importVizwiz } from './vizwiz.ts';
import { importVqav2 } from './vqav2.ts';

/** How each benchmark's published files are read. */
export const IMPORTERS: Readonly<Record<Benchmark, Importer>> = {
  gqa: importGqa,
  vqav2: importVqav2,
  vizwiz: importVizwiz,
  textvqa: importTextvqa,
  scienceqa: importScienceqa,
  pope: importPope,
  mme: importMme,
  mmbench: importMmbench('en'),
  'mmbench-cn': importMmbench('cn'),
  'seed-bench': importSeedBench,
  'mm-vet': importMmVet,
  'llava-bench': importLlavaBench,
  'msvd-qa': importVideoQa,
  'msrvtt-qa': importVideoQa,
  'activitynet-qa': importVideoQa,
};
