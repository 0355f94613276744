import { resolve } from 'node:path';
import type { Recipe } from '../../../shared/recipe.ts';
import { namedSizes } from '../model/named-size.ts';

/** A recipe whose relative paths are made absolute: they are relative to the folder that the run was begun in. */
export function withAbsolutePaths(recipe: Recipe, base: string): Recipe {
  const absolute = (path: string): string => resolve(base, path);
  const { model, data } = recipe;
  const places = {
    model: {
      from: namedSizes().includes(model.from) ? model.from : absolute(model.from),
      ...(model.tower !== undefined && { tower: absolute(model.tower) }),
      ...(model.projector !== undefined && { projector: absolute(model.projector) }),
    },
  };
  const train = absolute(data.train);
  const images = data.images === undefined ? {} : { images: absolute(data.images) };
  // The two kinds are apart because TypeScript does not see that each keeps its own fields.
  if (recipe.phase === 'vision') return { ...recipe, ...places, data: { ...recipe.data, train, ...images } };
  return { ...recipe, ...places, data: { ...recipe.data, train, ...images } };
}
