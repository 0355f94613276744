import { towerTokensPerImage, type LlavaConfig, type TextConfig, type VisionConfig } from './config.ts';

// Shape legend: E vision width, D decoder width, V vocabulary, P patch side. Linear weights are [out, in].

type Shape = readonly number[];
type NamedShapes = [name: string, shape: Shape][];

const DECODER = 'language_model.model';
const TOWER = 'vision_tower';

const affine = (name: string, out: number, into: number, bias = true): NamedShapes => [
  [`${name}.weight`, [out, into]],
  ...(bias ? ([[`${name}.bias`, [out]]] satisfies NamedShapes) : []),
];

const layerNorm = (name: string, width: number): NamedShapes => [
  [`${name}.weight`, [width]],
  [`${name}.bias`, [width]],
];

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

function visionLayer(vision: VisionConfig, layer: number): NamedShapes {
  const { hiddenSize: E, intermediateSize } = vision;
  const prefix = `${TOWER}.encoder.layers.${layer}`;
  return [
    ...layerNorm(`${prefix}.layer_norm1`, E),
    ...['q_proj', 'k_proj', 'v_proj', 'out_proj'].flatMap((part) => affine(`${prefix}.self_attn.${part}`, E, E)),
    ...layerNorm(`${prefix}.layer_norm2`, E),
    ...affine(`${prefix}.mlp.fc1`, intermediateSize, E),
    ...affine(`${prefix}.mlp.fc2`, E, intermediateSize),
  ];
}

/** SigLIP's pooling head: attention of one learned query over the patches, then an MLP. */
function poolingHead({ hiddenSize: E, intermediateSize }: VisionConfig): NamedShapes {
  const prefix = `${TOWER}.head`;
  return [
    [`${prefix}.probe`, [1, 1, E]],
    [`${prefix}.attention.in_proj_weight`, [3 * E, E]],
    [`${prefix}.attention.in_proj_bias`, [3 * E]],
    ...affine(`${prefix}.attention.out_proj`, E, E),
    ...layerNorm(`${prefix}.layernorm`, E),
    ...affine(`${prefix}.mlp.fc1`, intermediateSize, E),
    ...affine(`${prefix}.mlp.fc2`, E, intermediateSize),
  ];
}

/** What comes before the first layer: patches and positions; CLIP's class token and norm, SigLIP's bias of the patches. */
function visionEmbeddings(vision: VisionConfig): NamedShapes {
  const { hiddenSize: E, patchSize: P, family } = vision;
  const prefix = `${TOWER}.embeddings`;
  const kernel: NamedShapes = [[`${prefix}.patch_embedding.weight`, [E, 3, P, P]]];
  const positions: NamedShapes = [[`${prefix}.position_embedding.weight`, [towerTokensPerImage(vision), E]]];
  if (family === 'siglip') return [...kernel, [`${prefix}.patch_embedding.bias`, [E]], ...positions];
  // The norm's name is misspelt in CLIP itself.
  return [[`${prefix}.class_embedding`, [E]], ...kernel, ...positions, ...layerNorm(`${TOWER}.pre_layrnorm`, E)];
}

function visionTower(vision: VisionConfig): NamedShapes {
  return [
    ...visionEmbeddings(vision),
    ...range(vision.layers).flatMap((layer) => visionLayer(vision, layer)),
    ...layerNorm(`${TOWER}.post_layernorm`, vision.hiddenSize),
    ...(vision.family === 'siglip' && vision.hasHead ? poolingHead(vision) : []),
  ];
}

function projector({ vision, text, projectorBias }: LlavaConfig): NamedShapes {
  return [
    ...affine('multi_modal_projector.linear_1', text.hiddenSize, vision.hiddenSize, projectorBias),
    ...affine('multi_modal_projector.linear_2', text.hiddenSize, text.hiddenSize, projectorBias),
  ];
}

function decoderLayer(text: TextConfig, layer: number): NamedShapes {
  const { hiddenSize: D, intermediateSize, heads, kvHeads, headDim, attentionBias, mlpBias } = text;
  const prefix = `${DECODER}.layers.${layer}`;
  const qkvBias = attentionBias !== 'none';
  return [
    [`${prefix}.input_layernorm.weight`, [D]],
    ...affine(`${prefix}.self_attn.q_proj`, heads * headDim, D, qkvBias),
    ...affine(`${prefix}.self_attn.k_proj`, kvHeads * headDim, D, qkvBias),
    ...affine(`${prefix}.self_attn.v_proj`, kvHeads * headDim, D, qkvBias),
    ...affine(`${prefix}.self_attn.o_proj`, D, heads * headDim, attentionBias === 'all'),
    [`${prefix}.post_attention_layernorm.weight`, [D]],
    ...affine(`${prefix}.mlp.gate_proj`, intermediateSize, D, mlpBias),
    ...affine(`${prefix}.mlp.up_proj`, intermediateSize, D, mlpBias),
    ...affine(`${prefix}.mlp.down_proj`, D, intermediateSize, mlpBias),
  ];
}

function decoder(text: TextConfig): NamedShapes {
  const { hiddenSize: D, vocabSize: V } = text;
  return [
    [`${DECODER}.embed_tokens.weight`, [V, D]],
    ...range(text.layers).flatMap((layer) => decoderLayer(text, layer)),
    [`${DECODER}.norm.weight`, [D]],
    ...(text.tieWordEmbeddings ? [] : ([['language_model.lm_head.weight', [V, D]]] satisfies NamedShapes)),
  ];
}

/**
 * Name and shape of every tensor of the model, in the order of the computation, under the names that
 * `LlavaForConditionalGeneration.save_pretrained` writes. Tied embeddings have no `lm_head`.
 */
export function parameterShapes(config: LlavaConfig): Map<string, Shape> {
  return new Map([...visionTower(config.vision), ...projector(config), ...decoder(config.text)]);
}
