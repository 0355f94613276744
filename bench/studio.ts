/**
 * The studio's measured figures: start, memory, frame times with a million points and a million samples, and what it costs a
 * training. Written to docs/results/studio.md when all were measured.
 *
 *     npm run bench:studio -- [--only cold,memory,points,samples,drawing,overhead] [--points 1000000] [--samples 1000000]
 *                             [--steps 20] [--rounds 60] [--out FILE]
 *
 * --points and --samples are of the long run and the large dataset, --steps and --rounds of the turns beside a training.
 * It needs Linux, Chromium (CHROMIUM names another than /usr/bin/chromium), the built pages (npm run build:renderer) and
 * some 2 GB in the temporary folder, and takes a quarter of an hour and more. Nothing else should run meanwhile.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { measureColdStart } from './studio/cold-start.ts';
import { measureDrawing } from './studio/drawing.ts';
import { measureIdleMemory } from './studio/idle-memory.ts';
import { machineMarkdown } from './studio/machine.ts';
import { measureMillionPoints } from './studio/million-points.ts';
import { measureMillionSamples } from './studio/million-samples.ts';
import { sectionMarkdown, shown, type Section } from './studio/section.ts';
import { measureOverhead } from './studio/training-overhead.ts';
import { fillWorkspace } from './studio/workspaces.ts';

const REPORT = fileURLToPath(new URL('../docs/results/studio.md', import.meta.url));
const HEAD = `# The studio, measured

Every number below was measured by \`npm run bench:studio\`, which wrote this page.
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    points: { type: 'string', default: '1000000' },
    samples: { type: 'string', default: '1000000' },
    steps: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '60' },
    out: { type: 'string' },
  },
});

/** Each measures in folders of its own inside the one given. */
const PARTS = {
  cold: async (folder) => measureColdStart(...(await twoWorkspaces(folder))),
  memory: async (folder) => measureIdleMemory(...(await twoWorkspaces(folder))),
  points: (folder) => measureMillionPoints(folder, Number(values.points)),
  samples: (folder) => measureMillionSamples(folder, Number(values.samples)),
  drawing: (folder) => measureDrawing(folder),
  overhead: (folder) => measureOverhead(folder, Number(values.steps), Number(values.rounds)),
} satisfies Record<string, (folder: string) => Promise<Section>>;
type PartName = keyof typeof PARTS;

async function twoWorkspaces(folder: string): Promise<[string, string]> {
  const [empty, full] = [join(folder, 'empty'), join(folder, 'full')];
  for (const workspace of [empty, full]) await mkdir(workspace);
  await fillWorkspace(full);
  return [empty, full];
}

function chosenParts(): PartName[] {
  const all = Object.keys(PARTS) as PartName[];
  const chosen = values.only?.split(',') ?? all;
  const unknown = chosen.find((name) => !(all as string[]).includes(name));
  if (unknown !== undefined) throw new Error(`--only takes ${all.join(', ')}, not ${unknown}`);
  return all.filter((name) => chosen.includes(name));
}

/** Measures one part. A failure is told and does not end the others. */
async function measure(name: PartName): Promise<Section | undefined> {
  const folder = await mkdtemp(join(tmpdir(), `llavolta-${name}-`));
  const begun = performance.now();
  try {
    const section = await PARTS[name](folder);
    console.log(sectionMarkdown(section));
    return section;
  } catch (error) {
    console.error(`${name} could not be measured:`, error);
    return undefined;
  } finally {
    console.error(`(${name}: ${shown((performance.now() - begun) / 1000)} s)`);
    await rm(folder, { recursive: true, force: true });
  }
}

const sections: (Section | undefined)[] = [];
for (const name of chosenParts()) sections.push(await measure(name));
const measured = sections.filter((section) => section !== undefined);
const isWhole = measured.length === Object.keys(PARTS).length;
const out = values.out === undefined ? (isWhole ? REPORT : undefined) : resolve(values.out);
if (out !== undefined) {
  const command = ['npm run bench:studio', ...(values.only === undefined ? [] : [`-- --only ${values.only}`])].join(
    ' ',
  );
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, [HEAD, ...measured.map(sectionMarkdown), await machineMarkdown(command)].join('\n'));
}
if (measured.length < sections.length) process.exitCode = 1;
