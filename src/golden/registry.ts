/**
 * Which runner holds which kind of golden case. A folder is laid out as its README says: cases beside each other as NAME.json with
 * NAME.safetensors, files of the reference under files/, and cases of the tools under tools/.
 */
import type { ImageCodec } from '../image/index.ts';
import { align } from './align.ts';
import type { CaseRunner } from './case.ts';
import { colour } from './colour.ts';
import { faceConstants, ganLayers } from './constants.ts';
import { dfm } from './dfm.ts';
import { files } from './files.ts';
import { blurStyle, dssim } from './losses.ts';
import { masks } from './masks.ts';
import { model } from './model.ts';
import { optimizers } from './optimizers.ts';
import { samples } from './samples.ts';
import { spatial } from './spatial.ts';
import { toolsAlign } from './toolsAlign.ts';
import { bestFacesCase, colourFunctions, sortMeasures } from './toolsColour.ts';
import { toolsDfljpg } from './toolsDfljpg.ts';
import { toolsMerge, toolsMotion } from './toolsMerge.ts';
import { warp } from './warp.ts';

export type Found =
  | { readonly kind: 'covered'; readonly runners: readonly CaseRunner[] }
  /** Known, and left to parts of the program that do not exist yet. */
  | { readonly kind: 'later' }
  /** No case of its own: read by others. */
  | { readonly kind: 'data' }
  | { readonly kind: 'unknown' };

const covered = (...runners: readonly CaseRunner[]): Found => ({ kind: 'covered', runners });

/** By the start of a case's name; the longest that fits counts. */
const prefixes: Readonly<Record<string, CaseRunner>> = {
  m_: model,
  op_align: align,
  op_blur_style: blurStyle,
  op_colour: colour,
  op_dssim: dssim,
  op_masks: masks,
  op_optimizers: optimizers,
  op_spatial: spatial,
  op_warp: warp,
  samples,
  gan_layers: ganLayers,
  face_constants: faceConstants,
};

/** @param path of the case's index below the folder, without ".json". */
export function runnersOf(path: string, codec: ImageCodec): Found {
  const [folder = '', name = ''] = path.includes('/')
    ? [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)]
    : ['', path];
  switch (folder) {
    case '': {
      const fits = Object.keys(prefixes).filter((prefix) => name.startsWith(prefix));
      const [best] = fits.sort((a, b) => b.length - a.length);
      return best === undefined ? { kind: 'unknown' } : covered(prefixes[best]!);
    }
    case 'files':
      return covered(files, dfm);
    case 'tools/align':
      return name.startsWith('align_cases') ? covered(toolsAlign((bytes, file) => codec.decode(bytes, file))) : { kind: 'data' };
    case 'tools/dfljpg':
      return covered(toolsDfljpg);
    case 'tools/color':
      switch (name) {
        case 'sort_measures':
          return covered(sortMeasures(codec));
        case 'best_faces':
          return covered(bestFacesCase);
        case 'color_stats':
          return covered(colourFunctions(codec));
        default:
          return { kind: 'unknown' };
      }
    case 'tools/merge':
      return covered(name === 'motion' ? toolsMotion : toolsMerge((bytes, file) => codec.decode(bytes, file)));
    default:
      return { kind: 'unknown' };
  }
}
