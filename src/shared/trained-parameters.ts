import type { ModelSize } from './model-size.ts';
import { sum } from './sum.ts';
import { loraParametersPerLayer, type TrainingMode } from './training-cost.ts';

/** Values by the part of the model they are in. */
export interface PartValues {
  readonly projector: number;
  readonly visionTower: number;
  readonly decoder: number;
  /** Beside the decoder's own. */
  readonly adapters: number;
}

/** Layers above the selected one and the tower's last norm take no part, so they are not trained. */
function trainedTower({ shape, parts: { vision } }: ModelSize, lastLayers: number | undefined): number {
  const { layers } = shape.vision;
  return lastLayers === undefined ? vision.start + layers * vision.layer : Math.min(lastLayers, layers) * vision.layer;
}

/** The last layers are trained with what lies behind them; all layers with the embeddings too. */
function trainedDecoder({ shape, parts: { decoder } }: ModelSize, lastLayers: number | undefined): number {
  const { layers } = shape.decoder;
  const embeddings = lastLayers === undefined ? decoder.embeddings : 0;
  return embeddings + Math.min(lastLayers ?? layers, layers) * decoder.layer + decoder.behind;
}

/** Values that training in a mode changes. */
export function trainedParameters(size: ModelSize, mode: TrainingMode): PartValues {
  const { trainsProjector = true, trainsVisionTower, trainsDecoder, lora, decoderLayers, visionLayers } = mode;
  const { decoder } = size.shape;
  const layers = Math.min(decoderLayers ?? decoder.layers, decoder.layers);
  return {
    projector: trainsProjector ? size.parts.projector : 0,
    visionTower: trainsVisionTower ? trainedTower(size, visionLayers) : 0,
    decoder: trainsDecoder ? trainedDecoder(size, decoderLayers) : 0,
    adapters: lora ? layers * loraParametersPerLayer(decoder, lora) : 0,
  };
}

/** Sum over the parts. */
export const totalValues = ({ projector, visionTower, decoder, adapters }: PartValues): number =>
  sum([projector, visionTower, decoder, adapters]);
