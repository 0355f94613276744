export { LLAVA_15_7B as llava15 } from '../../src/shared/paper-model.ts';
