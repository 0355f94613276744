import { describe, expect, it } from 'vitest';
import { binding, canRegisterFunctions, metadataOf } from '../../../../../src/main/engine/backend/graph/binding.ts';
import { GraphCache } from '../../../../../src/main/engine/backend/graph/graph-function.ts';
import type { NodeDef } from '../../../../../src/main/engine/backend/graph/graph-def.ts';
import { Recorder } from '../../../../../src/main/engine/backend/graph/recorder.ts';
import { reshape, scale, transpose } from '../../../../../src/main/engine/backend/kernels.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import { expectNoLeakedTensors, onDevice, valuesOf } from '../../../../helpers/tensors.ts';

const input = (): Tensor => onDevice({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) });

/** The nodes and outputs of what `fn` does with a tensor [2, 3]. */
function recorded(fn: (x: Tensor) => Tensor): { nodes: readonly NodeDef[]; outputs: readonly string[] } {
  const x = input();
  const recorder = new Recorder(binding());
  metadataOf([x]).forEach((metadata) => recorder.addInput(metadata));
  const y = recorder.watch(() => tf.tidy(() => fn(x)));
  const graph = recorder.finish(metadataOf([y]));
  tf.dispose([x, y]);
  return graph;
}

const inputOf = ({ nodes }: { nodes: readonly NodeDef[] }, output: string | undefined): string | undefined =>
  nodes.find(({ name }) => `${name}:0` === output)?.input[0];

describe.skipIf(!canRegisterFunctions())('a reshape in a recorded function', () => {
  it('starts from what the one before it started from', () => {
    const graph = recorded((x) => reshape(reshape(x, [6]), [3, 2]));
    expect(inputOf(graph, graph.outputs[0])).toBe('input0:0');
  });

  it('is no node where it gives the shape that was there', () => {
    expect(recorded((x) => reshape(reshape(x, [6, 1]), [2, 3])).outputs).toEqual(['input0:0']);
    expect(recorded((x) => reshape(x, [2, -1])).outputs).toEqual(['input0:0']);
  });

  it('takes the place of a transposition that moves only axes of size 1', () => {
    const graph = recorded((x) => transpose(reshape(x, [1, 2, 1, 3]), [2, 1, 0, 3]));
    expect(graph.nodes.map(({ op }) => op)).not.toContain('Transpose');
    expect(recorded((x) => transpose(x, [1, 0])).nodes.map(({ op }) => op)).toContain('Transpose');
  });

  it('gives the same values, an input among them, and leaves no tensors', async () => {
    const cache = new GraphCache<null>();
    await expectNoLeakedTensors(() => {
      const x = input();
      const { tensors } = cache.run('reshapes', [x], () => ({
        tensors: tf.tidy(() => {
          const chain = reshape(scale(reshape(reshape(x, [6]), [3, 2]), 2), [1, 6]);
          return [chain, reshape(reshape(x, [6]), [2, 3])];
        }),
        description: null,
      }));
      expect(tensors.map((tensor) => [tensor.shape, [...valuesOf(tensor)]])).toEqual([
        [
          [1, 6],
          [2, 4, 6, 8, 10, 12],
        ],
        [
          [2, 3],
          [1, 2, 3, 4, 5, 6],
        ],
      ]);
      tf.dispose([x, ...tensors]);
    });
    cache.dispose();
  });
});
