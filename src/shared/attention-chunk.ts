/** Queries that the engine's causal attention takes at once at most: a chunk leaves out the keys that lie after it. */
export const ATTENTION_CHUNK = 160;
