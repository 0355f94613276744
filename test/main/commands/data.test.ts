import { appendFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseDataJob, run } from '../../../src/main/commands/data.ts';
import { runDatasetJob } from '../../../src/main/studio/datasets/dataset-job.ts';
import { InputError } from '../../../src/shared/errors.ts';
import { PUBLISHED, writeFiles, writeMedia } from '../../helpers/benchmark-files.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

afterEach(() => void vi.restoreAllMocks());

/** What the command prints on standard output. */
async function output(argv: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  return { code: await run(argv), text };
}

describe('llavolta data: the arguments', () => {
  it('are turned into a job, with defaults', () => {
    const job = parseDataJob(['get', 'shapes', '--images', '12', '--test-share', '0.5', '--out', '/tmp/x']);
    expect(job).toMatchObject({ kind: 'shapes', folder: '/tmp/x', replace: false });
    expect(job).toHaveProperty('options', {
      images: 12,
      clips: 250,
      clipFormat: 'frames',
      size: 64,
      seed: 0,
      questions: 10,
      fewestObjects: 3,
      mostObjects: 6,
      clipQuestions: 3,
      testShare: 0.5,
    });
    expect(parseDataJob(['get', 'easy-vqa', '--force'])).toEqual({
      kind: 'easy-vqa',
      folder: join(process.cwd(), 'data', 'easy-vqa'),
      replace: true,
    });
  });

  it('name a benchmark with its files', () => {
    const files = ['--from', '/tmp/q.json', '--from', '/tmp/a.json'];
    expect(parseDataJob(['import', 'vqav2', ...files, '--images', '/tmp/i', '--to', '/tmp/t'])).toEqual({
      ...{ kind: 'benchmark', benchmark: 'vqav2', from: ['/tmp/q.json', '/tmp/a.json'], images: '/tmp/i' },
      ...{ folder: '/tmp/t', replace: false, skipMissing: false },
    });
  });

  const wrong: [string[], RegExp][] = [
    [[], /must be get, import or check/],
    [['get', 'imagenet'], /must be easy-vqa or shapes \(found "imagenet"\)/],
    [['get', 'shapes', 'x'], /one too many \(found "x"\)/],
    [['get', 'shapes', '--size', '3x'], /--size: must be a number \(found "3x"\)/],
    [['get', 'shapes', '--size', ''], /--size: must be a number/],
    [['get', 'shapes', '--images', '1.5'], /--images: .*int/],
    [['get', 'shapes', '--clip-questions', '0'], /--clip-questions: .*>=1/],
    [['get', 'shapes', '--wheel', 'x'], /--wheel: is not an option of shapes/],
    [['get', 'easy-vqa', '--seed', '1'], /--seed: is not an option of easy-vqa/],
    [['check'], /FILE: must be given/],
    [['import', 'imagenet'], /must be one of gqa, vqav2/],
    [['import', 'gqa', '--to', 'x'], /--from: must be given/],
    [['import', 'gqa', '--from', 'x'], /--to: must be given/],
    [['import', 'gqa', '--from', 'x', '--seed', '1'], /--seed: is not an option of benchmark/],
    [['get', 'shapes', '--from', 'x'], /--from: is not an option of shapes/],
  ];
  it.each(wrong)('%j is refused', (argv, message) => {
    expect(() => parseDataJob(argv)).toThrow(message);
    expect(() => parseDataJob(argv)).toThrow(InputError);
  });
});

describe('llavolta data: in a process of its own', () => {
  it('generates shapes, says what is there, and checks the files', async () => {
    const folder = join(temporaryFolder(), 'shapes');
    const sizes = ['--images', '5', '--clips', '2', '--size', '32', '--test-share', '0.4', '--seed', '3'];
    const made = await output(['get', 'shapes', '--out', folder, ...sizes]);
    expect(made.code).toBe(0);
    expect(made.text).toContain('3 pictures, 30 questions');
    expect(made.text).toContain('21 picture files');

    const again = await output(['get', 'shapes', '--out', folder, ...sizes]);
    expect(again.text).toContain('(was there already)');

    const file = join(folder, 'train.jsonl');
    expect(await output(['check', file])).toEqual({ code: 0, text: '3 sound samples (3 with image), 30 questions\n' });
    appendFileSync(file, '{"id":"lost","image":"nowhere.png","conversations":[]}\n');
    const broken = await output(['check', file]);
    expect(broken.code).toBe(1);
    expect(broken.text).toMatch(/1 broken:\n {2}line 4 \(lost\): conversations/);
  });

  it('imports a benchmark', async () => {
    const root = temporaryFolder();
    writeFiles(join(root, 'from'), PUBLISHED.gqa);
    writeMedia(join(root, 'pictures'), 'gqa');
    const to = join(root, 'to');
    const places = ['--from', join(root, 'from'), '--images', join(root, 'pictures'), '--to', to];
    const { code, text } = await output(['import', 'gqa', ...places]);
    expect(code).toBe(0);
    expect(text).toContain('1 pictures, 2 questions');
    expect(await output(['check', join(to, 'questions.jsonl')])).toMatchObject({ code: 0 });
  });

  it('hands the refusal of the process on, with its fields', async () => {
    const file = join(temporaryFolder(), 'none.jsonl');
    await expect(run(['check', file])).rejects.toMatchObject({ name: 'InputError', problem: { file } });
  });

  it('reports progress up to the end', async () => {
    const folder = join(temporaryFolder(), 'shapes');
    const seen: string[] = [];
    const job = parseDataJob(['get', 'shapes', '--out', folder, '--images', '3', '--clips', '1', '--size', '32']);
    const result = await runDatasetJob(job, ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`));
    expect(result).toMatchObject({ type: 'provided', folder, reused: false });
    expect(seen.at(-1)).toBe('draw 8/8');
    expect(existsSync(join(folder, 'manifest.json'))).toBe(true);
  });
});
