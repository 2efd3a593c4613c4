/**
 * Formats of faces on disk: the pickle subset, face data inside JPEG files, packed facesets, and folders of them. Everything that is
 * read is untrusted: lengths are checked before they are used, and nothing in a file can run.
 */

export { type FaceFile, type FaceMetadata, faceDict, faceMetadata, type MaskPolygon, readFace, writeFace } from './dfljpg.ts';
export {
  type DecodedFace,
  type DecodedFaces,
  type FaceData,
  type FaceEntry,
  type Faceset,
  faceSource,
  looseFaces,
  openFaces,
  type SkippedFile,
} from './faceset.ts';
export { type Folder, type RandomAccess, readWhole } from './folder.ts';
export { app15, concatenate, type Jpeg, type JpegSegment, maxPayload, readJpeg, withApp15 } from './jpeg.ts';
export { type LiaeFields, liaeFields, liaeFieldsVersion, liaeKey, withLiaeFields } from './liaeFields.ts';
export { packFaces, pakPieces, unpackFaces } from './packing.ts';
export { type PakEntry, type PakFace, pakHeader, pakName, readPak } from './pak.ts';
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
