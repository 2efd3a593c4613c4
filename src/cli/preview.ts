/** `liae preview`: the sheet of a saved model. It only reads the model, so it may run beside a training. */
import { join, resolve } from 'node:path';
import { replaceFile } from '../platform/node/files.ts';
import { openModel } from '../platform/node/openModel.ts';
import { trainParts } from '../platform/node/parts.ts';
import { facesOf, loadFaces, type PreviewFaces, paintPreview, previewRows, type TrainOptions } from '../train/index.ts';
import { optional, required } from './args.ts';
import type { Command } from './command.ts';
import { textReporter } from './progress.ts';

export const preview: Command = {
  name: 'preview',
  summary: 'paint the preview sheet of a saved model',
  usage: '--model DIR [--out FILE.png]',
  about:
    'Loads the current save and paints the faces kept with the model, or the first ones of its facesets if none are kept. Columns: S and D are the source and destination faces, SS and DD the model’s pictures of them, SD the swap; below, the same through their masks.',
  flags: [
    { name: 'model', kind: 'value', shape: 'DIR', help: 'folder of the model' },
    { name: 'out', kind: 'value', shape: 'FILE', help: 'the PNG to write', default: 'DIR/previews/<iteration>.png' },
  ],
  async run(args, { out, note }) {
    const model = resolve(required(args, 'model', 'the folder of the model'));
    const { files, iteration, options, state } = await openModel(model, note);
    const parts = trainParts();
    const faces = (await loadFaces(files, options)) ?? (await firstFaces(options, note));
    await using engine = await parts.createEngine(options);
    engine.load(state);
    const png = await paintPreview({ engine, codec: parts.codec }, faces, { iteration, options });
    const target = resolve(optional(args, 'out') ?? join(model, 'previews', `${String(iteration).padStart(7, '0')}.png`));
    await replaceFile(target, [png]);
    out(`${target}\n`);
    return 0;
  },
};

async function firstFaces(options: TrainOptions, note: (line: string) => void): Promise<PreviewFaces> {
  const report = textReporter({ write: note, note, columns: undefined, now: () => new Date() });
  await using batches = await trainParts().createBatches(options, report);
  const { batch } = await batches.next(0, 0);
  return facesOf(batch, options.resolution, previewRows(options));
}
