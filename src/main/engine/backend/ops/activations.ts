import type { Tensor } from '../tensorflow.ts';
import { differentiable } from '../autograd.ts';
import { add, addScalar, erf, exp, mul, scale, sigmoid, square, sub, tanh } from '../kernels.ts';
import { floatScalar } from '../kernels.ts';

/** The Gaussian error linear units of CLIP (`quick_gelu`), of the projector (`gelu`) and of SigLIP (`gelu_pytorch_tanh`). */
export type Activation = 'quick_gelu' | 'gelu' | 'gelu_pytorch_tanh';

interface Elementwise {
  readonly value: (x: Tensor) => Tensor;
  readonly derivative: (x: Tensor) => Tensor;
}

const QUICK_GELU_SLOPE = 1.702;
const SQRT_HALF = Math.SQRT1_2;
const INVERSE_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);
const TANH_SLOPE = Math.sqrt(2 / Math.PI);
const TANH_CUBIC = 0.044715;

const oneMinus = (x: Tensor): Tensor => sub(floatScalar(1), x);

/** x·σ(1.702x) */
const quickGelu: Elementwise = {
  value: (x) => mul(x, sigmoid(scale(x, QUICK_GELU_SLOPE))),
  derivative: (x) => {
    const s = sigmoid(scale(x, QUICK_GELU_SLOPE));
    return mul(s, addScalar(mul(scale(x, QUICK_GELU_SLOPE), oneMinus(s)), 1));
  },
};

/** x·Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016) */
const gelu: Elementwise = {
  value: (x) => mul(scale(x, 0.5), addScalar(erf(scale(x, SQRT_HALF)), 1)),
  derivative: (x) => {
    const distribution = scale(addScalar(erf(scale(x, SQRT_HALF)), 1), 0.5);
    const density = scale(exp(scale(square(x), -0.5)), INVERSE_SQRT_2PI);
    return add(distribution, mul(x, density));
  },
};

const tanhOf = (x: Tensor): Tensor => tanh(scale(add(x, scale(mul(x, square(x)), TANH_CUBIC)), TANH_SLOPE));

/** The tanh approximation of gelu */
const geluTanh: Elementwise = {
  value: (x) => mul(scale(x, 0.5), addScalar(tanhOf(x), 1)),
  derivative: (x) => {
    const t = tanhOf(x);
    const inner = scale(addScalar(scale(square(x), 3 * TANH_CUBIC), 1), TANH_SLOPE);
    const slope = mul(mul(scale(x, 0.5), oneMinus(square(t))), inner);
    return add(scale(addScalar(t, 1), 0.5), slope);
  },
};

const ACTIVATIONS: Record<Activation, Elementwise> = { quick_gelu: quickGelu, gelu, gelu_pytorch_tanh: geluTanh };

/** Applies a named activation element by element. */
export function activate(x: Tensor, name: Activation): Tensor {
  const { value, derivative } = ACTIVATIONS[name];
  return differentiable(
    [x],
    () => [value(x), x],
    (dy, [input]) => [mul(dy, derivative(input as Tensor))],
  );
}

/**
 * The gated unit of LLaMA's MLP (Shazeer 2020): silu(gate) · up.
 *
 * @param gate [R, F] · @param up [R, F]
 */
export function swiglu(gate: Tensor, up: Tensor): Tensor {
  return differentiable(
    [gate, up],
    () => [mul(mul(gate, sigmoid(gate)), up), gate, up],
    (dy, [g, u]) => {
      const s = sigmoid(g as Tensor);
      const silu = mul(g as Tensor, s);
      // d silu / d gate = σ·(1 + gate − silu)
      const slope = mul(s, sub(addScalar(g as Tensor, 1), silu));
      return [mul(mul(dy, u as Tensor), slope), mul(dy, silu)];
    },
  );
}
