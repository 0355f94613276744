import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readAllTensors } from '../../../../src/main/engine/model/safetensors.ts';
import { writeSafetensors } from '../../../../src/main/engine/model/safetensors-write.ts';
import { verify } from '../../../../src/main/engine/verify/verify.ts';
import { EXECUTION_MODES, type ExecutionMode } from '../../../../src/shared/execution-mode.ts';
import { countChecks, type Check } from '../../../../src/shared/verification.ts';
import { hasReference, REFERENCE } from '../../../helpers/reference.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const SMALL_CASE = fileURLToPath(new URL('../../../golden/small-case', import.meta.url));
const FAMILIES = fileURLToPath(new URL('../../../golden/families', import.meta.url));

async function checksOf(dir: string, execution?: ExecutionMode): Promise<Check[]> {
  const checks: Check[] = [];
  for await (const check of verify(dir, execution)) checks.push(check);
  return checks;
}

const failures = (checks: readonly Check[]): string[] =>
  checks
    .filter(({ status }) => status === 'fail')
    .map(({ topic, name, difference, reason }) => `${topic} ${name}: ${reason ?? difference}`);

function passedByCase(checks: readonly Check[]): Record<string, number> {
  const passed: Record<string, number> = {};
  for (const check of checks) if (check.status === 'pass') passed[check.case] = (passed[check.case] ?? 0) + 1;
  return passed;
}

/** A copy of the small case that a test may spoil. */
function copiedCase(): string {
  const folder = join(temporaryFolder(), 'case');
  cpSync(SMALL_CASE, folder, { recursive: true });
  return folder;
}

describe('a reference case cut to what matters most', () => {
  it.each(EXECUTION_MODES)('is met in %s mode, from forward pass to generation, without leaks', async (execution) => {
    await expectNoLeakedTensors(async () => {
      const checks = await checksOf(SMALL_CASE, execution);
      expect(failures(checks)).toEqual([]);
      expect(new Set(checks.map(({ topic }) => topic))).toEqual(
        new Set(['forward none', 'compression 1/8', 'gradients 2/4', 'generation 2/4']),
      );
      expect(countChecks(checks)).toEqual({ pass: 27, fail: 0, skipped: 1 });
    });
  });

  it('fails by name where one number is off', async () => {
    const folder = copiedCase();
    const file = join(folder, 'compress_1_8.safetensors');
    const tensors = await readAllTensors(file);
    (tensors.get('loss')?.data as Float32Array)[0]! += 2e-5;
    await writeSafetensors(file, new Map([['loss', tensors.get('loss')!]]));
    const info = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as { tensors: Record<string, object> };
    info.tensors = { ...info.tensors, 'compress_1_8.safetensors': { loss: { shape: [] } } };
    writeFileSync(join(folder, 'case.json'), JSON.stringify(info));
    const failed = (await checksOf(folder)).filter(({ status }) => status === 'fail');
    expect(failed).toMatchObject([{ topic: 'compression 1/8', name: 'loss', tolerance: 1e-5 }]);
  });

  it('fails where weights are missing, and where a file that the case lists is', async () => {
    const [noModel, noFile] = [copiedCase(), copiedCase()];
    rmSync(join(noModel, 'model/model.safetensors'));
    rmSync(join(noFile, 'generate.safetensors'));
    expect(failures(await checksOf(noModel))).toMatchObject([expect.stringContaining('model')]);
    expect(failures(await checksOf(noFile))).toMatchObject([expect.stringContaining('generate.safetensors')]);
  });

  it('names tensors that nothing compares', async () => {
    const folder = copiedCase();
    const info = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as { tensors: Record<string, object> };
    info.tensors['new.safetensors'] = { secret: { shape: [1] } };
    writeFileSync(join(folder, 'case.json'), JSON.stringify(info));
    const last = (await checksOf(folder)).at(-1);
    expect(last).toMatchObject({ status: 'skipped', name: 'new.safetensors', reason: 'nothing compares secret' });
  });
});

describe('a tiny model of each family, as transformers computes it', () => {
  it.each(EXECUTION_MODES)(
    'is met in %s mode: towers, biases, head and class token, rotary scalings, generation beyond the length',
    { timeout: 120_000 },
    async (execution) => {
      await expectNoLeakedTensors(async () => {
        const checks = await checksOf(FAMILIES, execution);
        expect(failures(checks)).toEqual([]);
        expect(passedByCase(checks)).toEqual({
          'clip-mistral-llama3': 88,
          'clip-qwen2-linear': 94,
          'siglip-llama-dynamic': 100,
          'siglip-qwen2': 102,
        });
      });
    },
  );
});

describe('bad folders of cases', () => {
  it('are refused by name', async () => {
    const empty = temporaryFolder();
    await expect(checksOf(empty)).rejects.toThrow(`${empty}: holds no case.json`);
    await expect(checksOf(join(empty, 'absent'))).rejects.toThrow('cannot be read as a folder (ENOENT)');
  });

  it('with a broken case.json are failed checks', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'case.json'), '{"name": 3}');
    expect(failures(await checksOf(folder))).toMatchObject([expect.stringContaining('name: must be text (found 3)')]);
  });
});

describe.skipIf(!hasReference)('the public reference cases (needs ../shared/reference)', () => {
  it.each(EXECUTION_MODES)(
    'are met in %s mode wherever the engine can run them',
    { timeout: 300_000 },
    async (execution) => {
      const checks = await checksOf(REFERENCE, execution);
      expect(failures(checks)).toEqual([]);
      const passed = passedByCase(checks);
      expect(passed['clip-llama']).toBeGreaterThan(500);
      expect(passed['siglip-qwen2']).toBeGreaterThan(500);
      const skipped = checks.filter(({ status, topic }) => status === 'skipped' && !topic.startsWith('chat'));
      const reasons = new Set(
        skipped.map(({ topic, name }) => (topic.startsWith('compression') ? name : `${topic} ${name}`)),
      );
      expect(reasons).toEqual(new Set(['attention_mask_llavolta']));
    },
  );
});
