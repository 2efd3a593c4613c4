/**
 * Formats of faces on disk: the pickle subset, face data inside JPEG files, packed facesets, and folders of them. Everything that is
 * read is untrusted: lengths are checked before they are used, and nothing in a file can run.
 */

export { readPickle } from './pickleReader.ts';
export { writePickle } from './pickleWriter.ts';
export {
  bytesOf,
  type DtypeCode,
  elementBytes,
  isDict,
  itemsOf,
  numberOf,
  numbersOf,
  PyArray,
  PyCall,
  type PyDict,
  PyDtype,
  type PyKey,
  PyOrderedDict,
  PyScalar,
  PyTuple,
  type PyValue,
  pyArray,
  pyScalar,
  rowsOf,
  typeText,
} from './pythonValues.ts';
