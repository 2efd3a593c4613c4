/** Orders of facesets that `liae faces sort --list` found, kept beside the measures: faces that were renamed since keep their place. */
import { createHash } from 'node:crypto';
import type { FaceOrder, FaceOrderName } from '../protocol.ts';
import { isTexts, presentNames, readJson } from './faceGroups.ts';
import { listFaces } from './faceTable.ts';
import type { Places } from './places.ts';

export const orderFile = (places: Places, faces: string, by: FaceOrderName): string =>
  places.own('orders', `${createHash('sha256').update(`${by}\0${faces}`).digest('hex').slice(0, 32)}.json`);

export async function faceOrder(places: Places, path: string, by: FaceOrderName): Promise<FaceOrder> {
  const list = await listFaces(places, path);
  const { names, stamps, aside } = (await readJson(orderFile(places, path, by))) ?? {};
  if (
    !isTexts(names) ||
    !isTexts(stamps) ||
    names.length !== stamps.length ||
    typeof aside !== 'number' ||
    !(aside >= 0 && aside <= names.length)
  ) {
    return { names: null, aside: 0, missing: list.names.length };
  }
  const present = presentNames(list);
  const from = names.length - aside;
  const [kept, behind] = [names.slice(0, from), names.slice(from)].map((some, part) =>
    some.flatMap((name, i) => present(name, stamps[i + part * from]!)),
  );
  const all = [...new Set([...kept!, ...behind!])];
  return { names: all, aside: all.length - new Set(kept).size, missing: list.names.length - all.length };
}
