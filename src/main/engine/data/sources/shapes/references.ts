import type { Random } from '../../../../../shared/random.ts';
import type { SceneObject } from './scene.ts';

/** What an object can be told by. */
export type Attribute = 'size' | 'color' | 'shape';

const DESCRIPTIONS: readonly (readonly Attribute[])[] = [
  ['color'],
  ['shape'],
  ['color', 'shape'],
  ['size', 'color'],
  ['size', 'shape'],
  ['size', 'color', 'shape'],
];

/** `large red circle`, `small star` or `red object`. */
export function describe(object: Pick<SceneObject, Attribute>, attributes: readonly Attribute[]): string {
  const words = (['size', 'color'] as const).filter((name) => attributes.includes(name)).map((name) => object[name]);
  return [...words, attributes.includes('shape') ? object.shape : 'object'].join(' ');
}

/** Whether both objects look alike in all of the attributes. */
export function agree(a: SceneObject, b: SceneObject, attributes: readonly Attribute[]): boolean {
  return attributes.every((name) => a[name] === b[name]);
}

/**
 * A short phrase that fits this object alone: one attribute where that is enough, else two, else three.
 * @param hidden attributes the phrase must not tell, since they are asked for.
 * @returns undefined where no phrase fits this object alone.
 */
export function refer(
  objects: readonly SceneObject[],
  object: SceneObject,
  hidden: readonly Attribute[],
  random: Random,
): string | undefined {
  const unique = DESCRIPTIONS.filter((attributes) => {
    if (attributes.some((name) => hidden.includes(name))) return false;
    return objects.filter((other) => agree(object, other, attributes)).length === 1;
  });
  const shortest = Math.min(...unique.map((attributes) => attributes.length));
  const candidates = unique.filter((attributes) => attributes.length === shortest);
  return candidates.length > 0 ? describe(object, random.pick(candidates)) : undefined;
}
