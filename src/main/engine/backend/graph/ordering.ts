import { tf, type Tensor } from '../tensorflow.ts';
import { binding, fromMetadata, metadataOf } from './binding.ts';

/**
 * The values of `x`, in a recorded function not before `other` is computed. Op by op everything is in order anyway.
 *
 * TensorFlow runs what is ready and merges ops that do the same on the same inputs. What depends on the result of this
 * function is neither ready before `other` nor the same as what depends on `x`.
 */
export function after(x: Tensor, other: Tensor): Tensor {
  const { identityAfter } = binding();
  if (!identityAfter) return tf.tidy(() => x.clone());
  const [value, awaited] = metadataOf([x, other]);
  return fromMetadata(identityAfter(value?.id as number, awaited?.id as number));
}
