/** The tools of `liae faces` as jobs: each request becomes a command line. */
import type { FacesJobRequest } from '../protocol.ts';
import { groupsFile } from './faceGroups.ts';
import { orderFile } from './faceOrders.ts';
import type { Places } from './places.ts';

/** @returns what follows `liae`. @throws OptionError if the place is none of the workspace. */
export async function facesWords(request: FacesJobRequest, places: Places): Promise<readonly string[]> {
  const folder = await places.at(request.faces);
  switch (request.tool) {
    case 'best':
      return ['faces', 'best', folder, String(request.count)];
    case 'dedupe':
      return ['faces', 'dedupe', folder, `--threshold=${request.threshold}`];
    case 'sort':
      return ['faces', 'sort', folder, `--by=${request.by}`, `--target=${request.target}`];
    case 'order':
      return [
        'faces',
        'sort',
        folder,
        `--by=${request.by}`,
        `--target=${request.target}`,
        '--list',
        `--out=${orderFile(places, request.faces, request.by)}`,
      ];
    case 'mask':
      return ['faces', 'mask', folder, `--from=${request.from}`, `--face-type=${request.within}`];
    case 'unmask':
      return ['faces', 'mask', folder, request.what === 'mask' ? '--remove' : '--remove-polygons'];
    case 'mirror':
      return ['faces', 'mirror', folder, ...(request.add ? ['--add'] : [])];
    case 'resize':
      return ['faces', 'resize', folder, `--size=${request.size}`, `--face-type=${request.faceType}`];
    case 'pack':
    case 'unpack':
    case 'names':
      return ['faces', request.tool, folder];
    case 'group':
      return ['faces', 'cluster', folder, `--out=${groupsFile(places, request.faces)}`, ...threshold(request.threshold)];
    case 'split':
      return ['faces', 'cluster', folder, '--split', ...threshold(request.threshold)];
  }
}

const threshold = (value: number | undefined): readonly string[] => (value === undefined ? [] : [`--threshold=${value}`]);
