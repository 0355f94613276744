import { expect, it } from 'vitest';
import { withDeviceArrays } from '../../../../src/main/engine/backend/host-arrays.ts';
import type { Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import { expectNoLeakedTensors, expectTensorsClose } from '../../../helpers/tensors.ts';

const arrays = {
  index: { shape: [3], data: Int32Array.of(-1, 0, 7) },
  values: { shape: [2, 2], data: Float32Array.of(0.5, -1, 2, 3) },
  none: { shape: [0, 4], data: new Float32Array(0) },
};

it('uploads under the same names, with the type of the array', () => {
  withDeviceArrays(arrays, (tensors) => {
    expect(Object.keys(tensors)).toEqual(['index', 'values', 'none']);
    expectTensorsClose(tensors['index'] as Tensor, { dtype: 'int32', ...arrays.index }, 0);
    expectTensorsClose(tensors['values'] as Tensor, arrays.values, 0);
    expectTensorsClose(tensors['none'] as Tensor, arrays.none, 0);
  });
});

it('frees them afterwards, also after an error', async () => {
  await expectNoLeakedTensors(() => withDeviceArrays(arrays, () => 1));
  await expectNoLeakedTensors(() => {
    const failing = (): never =>
      withDeviceArrays(arrays, () => {
        throw new Error('inside');
      });
    expect(failing).toThrow('inside');
  });
});
