/** TensorFlow Lite files, and the weights of one network more, as ONNX. */
export { onnxFromTflite } from './convert.ts';
export { onnxFromIdentityWeights } from './identityNet.ts';
