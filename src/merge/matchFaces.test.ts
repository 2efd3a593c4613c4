/** Which face is of which frame: by identity and number, time, or name; and what is refused. */
import { expect, test } from 'vitest';
import { framesWithout, type KnownFace, type MatchTarget, matchFaces } from './matchFaces.ts';

const clip: MatchTarget['clip'] = { name: 'clip.mp4', kind: 'video', hash: 'aa', rate: 25, frames: 100, width: 640, height: 480 };
const points = Float64Array.from({ length: 136 }, (_, i) => 100 + i);
const face = (name: string, fields: KnownFace['fields'] = {}, sourceFilename = 'x.png'): KnownFace => ({
  ...{ name, sourceFilename, sourceLandmarks: points, fields },
});
const numbersOf = (faces: readonly KnownFace[], target: Partial<MatchTarget> = {}): unknown =>
  [...matchFaces(faces, { clip, ...target }).frames].map(([frame, own]) => [frame, own.map(({ name }) => name)]);

test('faces of the very clip go by the numbers kept with them, whatever they are called', () => {
  const faces = [
    face('b_1.jpg', { frame: 7, sourceHash: 'aa' }),
    face('a_0.jpg', { frame: 7, sourceHash: 'aa' }),
    face('z.jpg', { frame: 3, sourceHash: 'aa' }),
    face('q.jpg', { frame: 9, sourceHash: 'bb' }),
  ];
  expect(numbersOf(faces)).toEqual([
    [7, ['a_0.jpg', 'b_1.jpg']],
    [3, ['z.jpg']],
  ]);
  expect(matchFaces(faces, { clip }).notes).toContain('1 of 4 faces are from other clips: left out');
});

test('faces of another file of the clip go by number at the same rate, and by time at another', () => {
  const faces = [0, 10, 50].map((frame) => face(`${frame}`, { frame, time: frame / 25, sourceHash: 'other' }));
  expect(numbersOf(faces)).toEqual([
    [0, ['0']],
    [10, ['10']],
    [50, ['50']],
  ]);
  expect(numbersOf(faces, { clip: { ...clip, rate: 50, frames: 200 } })).toEqual([
    [0, ['0']],
    [20, ['10']],
    [100, ['50']],
  ]);
});

test("faces of DeepFaceLab go by their frame's name: with pictures by the whole stem, with a clip by the number in it", () => {
  const faces = [face('0_0.jpg', {}, '00012.png'), face('1_0.jpg', {}, '00013.png')];
  const pictures = ['00011.jpg', '00012.jpg', '00013.jpg'];
  expect(numbersOf(faces, { clip: { ...clip, kind: 'pictures', frames: 3 }, pictures })).toEqual([
    [1, ['0_0.jpg']],
    [2, ['1_0.jpg']],
  ]);
  expect(numbersOf(faces)).toEqual([
    [11, ['0_0.jpg']],
    [12, ['1_0.jpg']],
  ]);
  expect(numbersOf([face('a', {}, 'shot 3-00041.png')])).toEqual([[40, ['a']]]);
});

test('faces that are of no frame of the clip are refused with an example, and a few strays are told', () => {
  const far = Array.from({ length: 5 }, (_, i) => face(`${i}.jpg`, {}, `${200 + i}.png`));
  expect(() => matchFaces(far, { clip })).toThrow('5 of 5 faces are not of frames of clip.mp4');
  expect(() => matchFaces([face('a.jpg', {}, 'portrait.png')], { clip })).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({ found: expect.stringContaining('a.jpg is of portrait.png; clip.mp4 has 100 frames') }),
    }),
  );
  const near = Array.from({ length: 5 }, (_, i) => face(`${i}.jpg`, {}, `${i + 1}.png`));
  expect(matchFaces([...near, far[0]!], { clip }).notes).toEqual(['1 of 6 faces are of frames that clip.mp4 does not have: left out']);
});

test('faces from another size of the picture are placed on this one; another shape, or places outside of it, are refused', () => {
  const own = [face('a', { frame: 0, sourceHash: 'aa' })];
  const { frames, notes } = matchFaces(own, { clip, extractedFrom: [1280, 960] });
  expect([...frames.get(0)![0]!.landmarks]).toEqual([...points].map((v) => v / 2));
  expect(notes).toEqual(['the faces were extracted at 1280×960 and are placed at 640×480']);
  expect(() => matchFaces(own, { clip, extractedFrom: [1920, 1080] })).toThrow('another shape');
  expect(() => matchFaces(own, { clip: { ...clip, width: 90, height: 90 } })).toThrow('outside of the frames');
  expect(() => matchFaces([{ ...own[0]!, sourceLandmarks: undefined }], { clip })).toThrow('do not say where they were');
});

test('frames without a face are told as runs', () => {
  const frames = new Map([2, 3, 6].map((n) => [n, [{ landmarks: points }]]));
  expect(framesWithout(frames, 0, 9)).toEqual([
    [0, 1],
    [4, 5],
    [7, 8],
  ]);
  expect(framesWithout(frames, 2, 4)).toEqual([]);
});
