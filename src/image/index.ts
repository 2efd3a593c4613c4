/** Float images: where pixels read, resampling, masks as polygons, blur, colour spaces and transfer; the port to image files. */
export { type Affine, affineFromTriangles, invertAffine, mapPoints, rotationAbout } from './affine.ts';
export { gaussianBlur, growMask } from './blur.ts';
export type { ImageCodec } from './codec.ts';
export { type ColourMode, type ColourTarget, colourDraws, colourTarget, transferColours } from './colourTransfer.ts';
export { type CubicPlan, CubicSampler } from './cubicSampler.ts';
export { bgrFromHsv, hsvFromBgr } from './hsv.ts';
export { type ByteImage, clip, type FloatImage, floatFromBytes, floatImage } from './image.ts';
export { type LabTable, labFromBgr, labTable } from './lab.ts';
export { type Corner, convexHull, fillConvexPolygon } from './polygon.ts';
export { affinePositions, mapPositions, type Positions, positions } from './positions.ts';
export { withProvenance } from './provenance.ts';
export { resize } from './resize.ts';
export { grayBytes, rgbBytes } from './rgb.ts';
export { type Border, type Sink, sampleCubic, sampleLinear, sinkOf } from './sampling.ts';
export { maskedDssim, maskedPsnr } from './similarity.ts';
export { mapEigenvalues, multiply3, symmetricEigen } from './symmetric.ts';
export { type Filter, warpAffine } from './warp.ts';
