// node verify-addon.cjs <addon>: loads the addon and multiplies two matrices with it. Prints what it found as JSON; exits 1 on a wrong product.
const binding = require(String(process.argv[2]));

const left = binding.createTensor([2, 2], binding.TF_FLOAT, new Float32Array([1, 2, 3, 4]));
const right = binding.createTensor([2, 2], binding.TF_FLOAT, new Float32Array([5, 6, 7, 8]));
const attributes = [
  { name: 'transpose_a', type: binding.TF_ATTR_BOOL, value: false },
  { name: 'transpose_b', type: binding.TF_ATTR_BOOL, value: false },
  { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
];
const [product] = binding.executeOp('MatMul', attributes, [left, right], 1);
const values = Array.from(binding.tensorDataSync(product.id));
if (values.join() !== '19,22,43,50') throw new Error(`2x2 matrix product is wrong: ${values.join()}`);
console.log(JSON.stringify({ tensorflow: binding.TF_Version, gpu: binding.isUsingGpuDevice() }));
