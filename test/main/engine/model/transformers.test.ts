import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { initialiseWeights } from '../../../../src/main/engine/model/initialise.ts';
import { loadModelFolder, saveModelFolder } from '../../../../src/main/engine/model/model-folder.ts';
import { configOfSize, resolveModel } from '../../../../src/main/engine/model/named-size.ts';
import { processorFiles } from '../../../../src/main/engine/model/processor-config.ts';
import { parameterCount } from '../../../helpers/parameter-count.ts';
import { PYTHON_HINT, pythonWith, runPython } from '../../../helpers/python.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const python = pythonWith('transformers');
const hasTorch = python !== undefined && pythonWith('torch', 'transformers') === python;

interface Opened {
  config: Record<string, unknown>;
  weights: { missing: string[]; unexpected: string[]; mismatched: string[]; count: number; sum: number } | null;
}

async function openInPython(tied: boolean): Promise<{ opened: Opened; count: number; sum: number }> {
  const size = resolveModel('tiny');
  const ids = { vocabSize: 300, imageTokenId: 299, bosTokenId: 1, eosTokenId: 2, padTokenId: 0 };
  const config = configOfSize({ ...size, text: { ...size.text, tieWordEmbeddings: tied } }, ids);
  const weights = initialiseWeights(config, 3);
  const dir = temporaryFolder();
  await saveModelFolder(dir, { config, weights }, processorFiles(config));
  const opened = runPython(python ?? '', 'open_model.py', [dir]) as Opened;
  let sum = 0;
  for (const { data } of weights.values()) for (const value of data) sum += value;
  return { opened, count: parameterCount(config), sum };
}

describe.skipIf(python === undefined)(`a saved model in Python (${PYTHON_HINT})`, () => {
  it('its configuration is understood as meant', async () => {
    const { config } = (await openInPython(false)).opened;
    expect(config).toMatchObject({
      model_type: 'llava',
      dtype: 'float32',
      image_seq_length: 64,
      image_token_index: 299,
      vision_feature_layer: -1,
      vision_feature_select_strategy: 'default',
      tie_word_embeddings: false,
      text_config: {
        hidden_size: 128,
        num_key_value_heads: 2,
        head_dim: 32,
        pad_token_id: 0,
        rope_parameters: { rope_theta: 10000, rope_type: 'default' },
      },
      vision_config: {
        hidden_size: 96,
        patch_size: 8,
        image_size: 64,
        hidden_act: 'quick_gelu',
        initializer_factor: 1,
      },
    });
  });

  it.skipIf(!hasTorch).each([false, true])(
    'its weights load without a missing or unexpected name, tied: %j (needs torch)',
    async (tied) => {
      const { opened, count, sum } = await openInPython(tied);
      expect(opened.weights).toMatchObject({ missing: [], unexpected: [], mismatched: [], count });
      expect(opened.weights?.sum).toBeCloseTo(sum, 3);
    },
  );

  it.skipIf(!hasTorch).each(['siglip-qwen2', 'siglip-llama-dynamic', 'clip-mistral-llama3', 'clip-qwen2-linear'])(
    'a model of the family %s that is saved again is to transformers what it was (needs torch)',
    async (name) => {
      const before = fileURLToPath(new URL(`../../../golden/families/${name}/model`, import.meta.url));
      const after = temporaryFolder();
      await saveModelFolder(after, await loadModelFolder(before));
      type Parts = Opened & { config: { text_config: object; vision_config: object } };
      const [was, is] = [before, after].map((dir) => runPython(python ?? '', 'open_model.py', [dir]) as Parts);
      expect(is?.weights).toEqual(was?.weights);
      // A window's bounds mean nothing without a window; Qwen2's class keeps a head's width only where a file has it.
      const ignored = { max_window_layers: undefined, head_dim: undefined, torch_dtype: undefined, dtype: undefined };
      const meaning = (opened?: typeof was): object => ({
        text: { ...opened?.config.text_config, ...ignored },
        vision: {
          ...opened?.config.vision_config,
          projection_dim: undefined,
          torch_dtype: undefined,
          dtype: undefined,
        },
      });
      expect(meaning(is)).toEqual(meaning(was));
    },
  );
});
