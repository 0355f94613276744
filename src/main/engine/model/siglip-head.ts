import type { LlavaConfig } from './config.ts';

const HEAD = 'vision_tower.head.';

/**
 * The configuration with SigLIP's pooling head where the files hold one, and without where they do not: writers differ,
 * whatever `vision_use_head` says, and LLaVA never runs it. What is there is kept, for those who read the model later.
 *
 * @param names canonical names of the tensors of the files
 */
export function withHeadAsStored(config: LlavaConfig, names: Iterable<string>): LlavaConfig {
  const { vision } = config;
  if (vision.family !== 'siglip') return config;
  const hasHead = [...names].some((name) => name.startsWith(HEAD));
  return { ...config, vision: { ...vision, hasHead } };
}
