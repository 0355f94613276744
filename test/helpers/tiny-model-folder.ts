import { readDataset } from '../../src/main/engine/data/dataset-reader.ts';
import { Tokenizer } from '../../src/main/engine/data/tokenizer.ts';
import { trainTokenizer } from '../../src/main/engine/data/tokenizer-training.ts';
import { saveModelFolder } from '../../src/main/engine/model/model-folder.ts';
import { processorFiles } from '../../src/main/engine/model/processor-config.ts';
import { tinyConfig, tinyWeights } from './tiny-model.ts';

/** Saves a tiny model with random weights and a tokenizer of a dataset's words: 4 visual tokens an image, 3 layers. */
export async function saveTinyModel(folder: string, dataset: string): Promise<void> {
  const { samples } = readDataset(dataset);
  const texts: string[] = [];
  for (let i = 0; i < samples.length; i++) {
    for (const { question, answer } of samples.get(i).turns) texts.push(`USER: ${question} ASSISTANT: ${answer}`);
  }
  samples.close();
  const files = trainTokenizer(texts, 400);
  const tokenizer = Tokenizer.parse(JSON.parse(files['tokenizer.json']), {}, 'tiny');
  const config = tinyConfig({
    text: {
      vocabSize: tokenizer.size,
      eosTokenIds: [tokenizer.special.endOfText],
      bosTokenId: tokenizer.prefix[0] ?? null,
    },
    imageTokenId: tokenizer.special.image,
  });
  await saveModelFolder(folder, { config, weights: tinyWeights(config) }, { ...files, ...processorFiles(config) });
}
