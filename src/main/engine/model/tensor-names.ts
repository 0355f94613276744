/**
 * The canonical name of a tensor under any of the names that versions of transformers have written: `model.` in front
 * of everything but the output head, `vision_tower.vision_model.` for the tower. Other names come back as they are.
 */
export function canonicalName(name: string): string {
  return name
    .replace(/^lm_head\./, 'language_model.lm_head.')
    .replace(/^model\.language_model\./, 'language_model.model.')
    .replace(/^model\.(vision_tower|multi_modal_projector)\./, '$1.')
    .replace(/^vision_tower\.vision_model\./, 'vision_tower.');
}

/** Tensors that older files hold although they follow from the configuration: indices of positions and rotary frequencies. */
export function isDerived(name: string): boolean {
  return /(^|\.)embeddings\.position_ids$|\.rotary_emb\.inv_freq$/.test(name);
}

/**
 * Tensors that a vision tower's files hold when it was cut out of a CLIP or SigLIP model with its text half: LLaVA reads
 * hidden states of the tower alone.
 */
export function isUnused(name: string): boolean {
  const own = name.replace(/^(model\.)?(vision_tower\.)*/, '');
  return /^(text_model\.|text_projection\.|visual_projection\.|logit_scale$|logit_bias$)/.test(own);
}

/** The canonical name of a tensor in the layout of the LLaVA authors' code, which extends the decoder's own classes. */
export function canonicalOriginalName(name: string): string {
  return name
    .replace(/^lm_head\./, 'language_model.lm_head.')
    .replace(/^model\.(layers|embed_tokens|norm)\./, 'language_model.model.$1.')
    .replace(/^model\.mm_projector\.0\./, 'multi_modal_projector.linear_1.')
    .replace(/^model\.mm_projector\.2\./, 'multi_modal_projector.linear_2.')
    .replace(/^model\.vision_tower\.vision_tower\.vision_model\./, 'vision_tower.');
}

/** The canonical name of a tensor in a folder of a vision tower alone, or of the CLIP or SigLIP model around it. */
export const canonicalTowerName = (name: string): string => name.replace(/^vision_model\./, 'vision_tower.');
