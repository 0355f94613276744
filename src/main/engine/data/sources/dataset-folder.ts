import { createHash, type Hash } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { splitSummarySchema } from '../../../../shared/dataset-source.ts';
import { InputError } from '../../../../shared/errors.ts';

const fileDigest = z.strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** `manifest.json` of a generated dataset folder. It is written last: a folder without one is unfinished. */
const manifestSchema = z.strictObject({
  format: z.literal(1),
  dataset: z.string(),
  /** Everything that decides the content: source version and checksum, or the generator's version and options. */
  made: z.record(z.string(), z.union([z.string(), z.number()])),
  licence: z.string(),
  splits: z.record(z.string(), splitSummarySchema),
  files: z.record(z.string(), fileDigest),
  /** All picture files below `images/` as one: sha256 over their paths and contents, in the order of the paths. */
  images: fileDigest.extend({ count: z.int().min(0) }),
});

/** See `manifestSchema`. */
export type DatasetManifest = z.infer<typeof manifestSchema>;
/** What the maker of a dataset says about it; the digests are measured. */
export type DatasetDescription = Omit<DatasetManifest, 'format' | 'files' | 'images'>;

const MANIFEST = 'manifest.json';
const IMAGES = 'images';

/**
 * The dataset at `folder`, made when it is not there. It is filled in a temporary folder beside `folder` and renamed
 * when complete, so an interrupted run leaves nothing half-made under its name.
 * @param made what decides the content: a sound folder with an equal `made` is taken as it is.
 * @param fill writes the files below the folder it is given and describes them.
 * @param replace true = a folder of this dataset that was made with other options may be replaced.
 * @throws InputError when `folder` holds something else.
 */
export async function provideDataset(
  request: {
    readonly folder: string;
    readonly dataset: string;
    readonly made: DatasetManifest['made'];
    readonly replace: boolean;
  },
  fill: (folder: string) => Promise<DatasetDescription>,
): Promise<{ readonly manifest: DatasetManifest; readonly reused: boolean }> {
  const folder = resolve(request.folder);
  const found = await readManifest(folder);
  if (found && isSame(found, request) && (await isSound(folder, found))) return { manifest: found, reused: true };
  await refuseToOverwrite(folder, found, request);

  const work = join(dirname(folder), `.${basename(folder)}.${process.pid}.part`);
  const dropWork = (): void => rmSync(work, { recursive: true, force: true });
  await removeLeftovers(folder);
  await mkdir(work, { recursive: true });
  process.once('exit', dropWork);
  try {
    const manifest = await sealFolder(work, await fill(work));
    await moveIntoPlace(work, folder);
    return { manifest, reused: false };
  } finally {
    dropWork();
    process.off('exit', dropWork);
  }
}

/** The manifest of a dataset folder, or undefined where there is none that can be read. */
export async function readManifest(folder: string): Promise<DatasetManifest | undefined> {
  const text = await readFile(join(folder, MANIFEST), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Whether every file of the folder has the size and the sha256 that the manifest gives. */
export async function isSound(folder: string, manifest: DatasetManifest): Promise<boolean> {
  try {
    const measured = await measureFolder(folder);
    const sameImages = JSON.stringify(measured.images) === JSON.stringify(manifest.images);
    const names = Object.keys(manifest.files);
    const sameFiles = names.every((name) => measured.files[name]?.sha256 === manifest.files[name]?.sha256);
    return sameImages && sameFiles;
  } catch {
    return false;
  }
}

function isSame(manifest: DatasetManifest, request: { dataset: string; made: DatasetManifest['made'] }): boolean {
  const entries = (made: DatasetManifest['made']): string => JSON.stringify(Object.entries(made).sort());
  return manifest.dataset === request.dataset && entries(manifest.made) === entries(request.made);
}

async function refuseToOverwrite(
  folder: string,
  found: DatasetManifest | undefined,
  request: { dataset: string; made: DatasetManifest['made']; replace: boolean },
): Promise<void> {
  if (!existsSync(folder)) return;
  const info = await stat(folder);
  if (info.isDirectory() && (await readdir(folder)).length === 0) return;
  if (found?.dataset !== request.dataset) {
    const rule = `holds something else than a ${request.dataset} dataset and is left alone`;
    throw new InputError({ file: folder, rule, hint: 'Give another folder with --out' });
  }
  if (!isSame(found, request) && !request.replace) {
    const rule = `holds a ${request.dataset} dataset made with other options`;
    throw new InputError({ file: folder, rule, hint: 'Give another folder with --out, or replace it with --force' });
  }
}

/** Removes the working folders of runs that were killed; a run that still lives keeps its own. */
async function removeLeftovers(folder: string): Promise<void> {
  const siblings = await readdir(dirname(folder)).catch(() => []);
  for (const name of siblings) {
    const match = /^\.(.+)\.(\d+)\.(part|old)$/.exec(name);
    if (match?.[1] !== basename(folder) || isAlive(Number(match[2]))) continue;
    await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function sealFolder(folder: string, description: DatasetDescription): Promise<DatasetManifest> {
  const manifest = manifestSchema.parse({ format: 1, ...description, ...(await measureFolder(folder)) });
  const path = join(folder, MANIFEST);
  await writeFile(path, `${JSON.stringify(manifest, null, 2)}\n`);
  // Pictures are not synced one by one (thousands of files): after a power cut the digests tell, and they are made again.
  const handle = await open(path, 'r+');
  await handle.sync();
  await handle.close();
  return manifest;
}

/** A folder cannot be renamed over a full one, so an old one steps aside first. */
async function moveIntoPlace(work: string, folder: string): Promise<void> {
  const old = join(dirname(folder), `.${basename(folder)}.${process.pid}.old`);
  if (existsSync(folder)) await rename(folder, old);
  try {
    await rename(work, folder);
  } catch (error) {
    if (existsSync(old)) await rename(old, folder);
    throw error;
  }
  await rm(old, { recursive: true, force: true });
}

async function measureFolder(folder: string): Promise<Pick<DatasetManifest, 'files' | 'images'>> {
  const files: DatasetManifest['files'] = {};
  const all = createHash('sha256');
  const images = { count: 0, bytes: 0, sha256: '' };
  for (const name of await listFiles(folder)) {
    if (name === MANIFEST) continue;
    // Thousands of small files: reading them without a promise each takes a tenth of the time.
    const content = readFileSync(join(folder, name));
    if (name.startsWith(`${IMAGES}/`)) {
      addPicture(all, name, content);
      images.count += 1;
      images.bytes += content.length;
    } else {
      files[name] = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    }
  }
  return { files, images: { bytes: images.bytes, sha256: all.digest('hex'), count: images.count } };
}

function addPicture(hash: Hash, name: string, content: Buffer): void {
  hash.update(`${name}\0${content.length}\0`).update(content);
}

/** Names relative to the folder, with `/` on every system, in code unit order. */
async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return files.map((path) => relative(folder, path).split(sep).join('/')).sort((a, b) => (a < b ? -1 : 1));
}
