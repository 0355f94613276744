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
