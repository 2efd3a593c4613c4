/** A thread that measures faces: each job in, its measures out, without copying them. */
import { type FaceValues, type MeasureJob, measurerOf } from '../../curate/index.ts';
import { nodeCodec } from './codec.ts';
import { serve } from './workerPool.ts';

const measurer = measurerOf(nodeCodec());

serve({
  answer: (job: MeasureJob): Promise<FaceValues> => measurer.measure(job),
  transfer: (values) => Object.values(values).map((array) => array.buffer as ArrayBuffer),
});
