import { ESLint, type Linter } from 'eslint';
import { describe, expect, it } from 'vitest';
import { layerFault } from '../../lint/import-layers.js';
import config from '../../eslint.config.js';

const ENGINE = 'src/main/engine';

describe('layers', () => {
  it.each([
    ['src/shared/a.ts', 'src/shared/b.ts'],
    ['src/renderer/src/main.ts', 'src/shared/a.ts'],
    [`${ENGINE}/data/a.ts`, `${ENGINE}/backend/b.ts`],
    [`${ENGINE}/model/ops/a.ts`, `${ENGINE}/compressor/b.ts`],
    [`${ENGINE}/train/a.ts`, `${ENGINE}/generate/b.ts`],
    [`${ENGINE}/entry.ts`, `${ENGINE}/train/trainer.ts`],
    ['src/main/commands/train.ts', 'src/main/studio/supervisor.ts'],
    ['test/main/cli.test.ts', `${ENGINE}/train/trainer.ts`],
  ])('%s may import %s', (importer, imported) => {
    expect(layerFault(importer, imported)).toBeUndefined();
  });

  it.each([
    ['src/shared/a.ts', `${ENGINE}/data/b.ts`],
    ['src/shared/a.ts', 'scripts/setup/engine-plan.mjs'],
    ['src/renderer/src/main.ts', 'src/main/studio/server.ts'],
    [`${ENGINE}/backend/a.ts`, `${ENGINE}/model/b.ts`],
    [`${ENGINE}/data/a.ts`, `${ENGINE}/train/b.ts`],
    [`${ENGINE}/compressor/a.ts`, `${ENGINE}/model/b.ts`],
    [`${ENGINE}/model/a.ts`, `${ENGINE}/generate/b.ts`],
    [`${ENGINE}/train/a.ts`, `${ENGINE}/entry.ts`],
    [`${ENGINE}/entry.ts`, 'src/main/studio/supervisor.ts'],
    ['src/main/studio/a.ts', `${ENGINE}/entry.ts`],
    ['src/main/studio/a.ts', 'src/main/cli.ts'],
    ['src/main/cli.ts', `${ENGINE}/train/trainer.ts`],
    ['src/main/commands/train.ts', `${ENGINE}/train/trainer.ts`],
  ])('%s must not import %s', (importer, imported) => {
    expect(layerFault(importer, imported)).toMatch(/must not import/);
  });

  it('lets the typed client alone take types from the server, and only types', () => {
    const [client, api] = ['src/renderer/src/api/client.ts', 'src/main/studio/server/api.ts'];
    expect(layerFault(client, api, true)).toBeUndefined();
    expect(layerFault(client, api)).toMatch(/must not import/);
    expect(layerFault('src/renderer/src/main.ts', api, true)).toMatch(/must not import/);
    expect(layerFault(client, 'src/main/studio/supervisor.ts', true)).toMatch(/must not import/);
  });
});

/** The project's own configuration without what needs type information, which a text that is no file has none of. */
function untypedConfig(): Linter.Config[] {
  const typed = Object.keys(Object.assign({}, ...config.map((part) => part.rules ?? {})) as object);
  const off = Object.fromEntries(
    typed.filter((rule) => rule.startsWith('@typescript-eslint/')).map((rule) => [rule, 'off']),
  );
  return [
    ...(config as Linter.Config[]),
    {
      files: ['**/*.ts'],
      languageOptions: { parserOptions: { projectService: false } },
      rules: off as Linter.RulesRecord,
    },
  ];
}

async function lint(text: string, filePath: string): Promise<string[]> {
  const eslint = new ESLint({ overrideConfigFile: true, overrideConfig: untypedConfig() });
  const [result] = await eslint.lintText(text, { filePath });
  return (result?.messages ?? []).filter(({ ruleId }) => ruleId === 'layers/imports').map(({ message }) => message);
}

describe('the lint configuration', () => {
  it.each([
    ['an import', `import { tf } from '../main/engine/backend/tensorflow.ts';\nexport const x = tf;\n`],
    ['a type import', `import type { Tensor } from '../main/engine/backend/tensorflow.ts';\nexport type X = Tensor;\n`],
    ['a dynamic import', `export const x = await import('../main/engine/backend/tensorflow.ts');\n`],
    ['a re-export', `export * from '../main/engine/backend/tensorflow.ts';\n`],
    ['a named re-export', `export { tf } from '../main/engine/backend/tensorflow.ts';\n`],
    ['an import inside a type', `export type X = import('../main/engine/backend/tensorflow.ts').Tensor;\n`],
  ])('reports %s from src/shared into the engine', async (_kind, text) => {
    const messages = await lint(text, 'src/shared/example.ts');
    expect(messages).toEqual(['src/shared must not import src/main/engine/backend (it may import nothing of ours)']);
  });

  it('lets the trainer import the model, packages and Node', async () => {
    const text = `import 'node:fs';\nimport 'zod';\nimport '../model/llava.ts';\nimport '../../../shared/errors.ts';\n`;
    expect(await lint(text, 'src/main/engine/train/example.ts')).toEqual([]);
  });
});
