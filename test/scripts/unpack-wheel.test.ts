import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPython } from '../../scripts/setup/python.mjs';
import { unpackWheel } from '../../scripts/setup/unpack-wheel.mjs';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const python = await findPython();
const ZIP = `
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as wheel:
    for folder, _, names in os.walk('.'):
        for name in names:
            stored = zipfile.ZIP_STORED if name == 'stored' else zipfile.ZIP_DEFLATED
            wheel.write(os.path.join(folder, name), compress_type=stored)
`;

describe.skipIf(!python)('unpackWheel (needs Python to make a wheel)', () => {
  it('takes out the wanted folders, whole and with their permissions', async () => {
    const folder = temporaryFolder();
    const source = join(folder, 'source');
    mkdirSync(join(source, 'lib/deep'), { recursive: true });
    mkdirSync(join(source, 'other'));
    const big = 'a line that repeats\n'.repeat(200_000);
    writeFileSync(join(source, 'lib/big'), big);
    writeFileSync(join(source, 'lib/stored'), 'as it is');
    writeFileSync(join(source, 'lib/deep/program'), '#!/bin/sh\n');
    chmodSync(join(source, 'lib/deep/program'), 0o755);
    writeFileSync(join(source, 'other/left'), 'not wanted');
    const wheel = join(folder, 'example.whl');
    execFileSync(python?.command ?? '', ['-c', ZIP, wheel], { cwd: source });

    const target = join(folder, 'target');
    const sizes = await unpackWheel(wheel, ['lib/'], target);

    expect(sizes).toEqual({ 'lib/big': big.length, 'lib/stored': 8, 'lib/deep/program': 10 });
    expect(readFileSync(join(target, 'lib/big'), 'utf8')).toBe(big);
    expect(readFileSync(join(target, 'lib/stored'), 'utf8')).toBe('as it is');
    expect(statSync(join(target, 'lib/deep/program')).mode & 0o111).toBe(0o111);
    expect(existsSync(join(target, 'other'))).toBe(false);
  });
});
