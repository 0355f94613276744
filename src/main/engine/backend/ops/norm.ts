import type { Tensor } from '../tensorflow.ts';
import { differentiable } from '../autograd.ts';
import { add, addScalar, mean, mul, rsqrt, square, sub, sum } from '../kernels.ts';

/**
 * Root mean square norm (Zhang & Sennrich 2019): y = w · x / √(mean(x²) + ε) over the last axis.
 *
 * @param x [R, D] · @param weight [D]
 */
export function rmsNorm(x: Tensor, weight: Tensor, epsilon: number): Tensor {
  return differentiable(
    [x, weight],
    () => {
      const scale = rsqrt(addScalar(mean(square(x), 1, true), epsilon)); // [R, 1]
      return [mul(mul(x, scale), weight), x, scale];
    },
    (dy, [input, scale], needs) => {
      const normal = mul(input as Tensor, scale as Tensor); // [R, D]
      const product = mul(dy, normal);
      const dWeight = needs[1] ? sum(product, 0) : null;
      if (!needs[0]) return [null, dWeight];
      // dx = scale · (g − n · mean(g·n)) with g = w·dy and n the normalised input
      const projection = mean(mul(product, weight), 1, true); // [R, 1]
      const dx = mul(sub(mul(dy, weight), mul(normal, projection)), scale as Tensor);
      return [dx, dWeight];
    },
  );
}

/**
 * Layer norm (Ba et al. 2016): y = w · (x − mean) / √(var + ε) + b over the last axis.
 *
 * @param x [R, D] · @param weight [D] · @param bias [D]
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  return differentiable(
    [x, weight, bias],
    () => {
      const centred = sub(x, mean(x, 1, true));
      const scale = rsqrt(addScalar(mean(square(centred), 1, true), epsilon)); // [R, 1]
      const normal = mul(centred, scale);
      return [add(mul(normal, weight), bias), normal, scale];
    },
    (dy, [normal, scale], needs) => {
      const product = mul(dy, normal as Tensor);
      const dWeight = needs[1] ? sum(product, 0) : null;
      const dBias = needs[2] ? sum(dy, 0) : null;
      if (!needs[0]) return [null, dWeight, dBias];
      const g = mul(dy, weight);
      const projection = mul(normal as Tensor, mean(mul(product, weight), 1, true));
      return [mul(sub(sub(g, mean(g, 1, true)), projection), scale as Tensor), dWeight, dBias];
    },
  );
}
