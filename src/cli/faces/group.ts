/** The table of `liae faces …`. To add a command, write its file here and name it in the table. */
import type { CommandGroup } from '../command.ts';

export const faces: CommandGroup = {
  name: 'faces',
  summary: 'look at, sort, choose, mend and pack aligned faces',
  about:
    'Tools for folders of aligned faces. Nothing is ever deleted: what a tool takes out of DIR goes to DIR_trash beside it, and every move is in a journal in DIR, so that liae faces undo DIR brings names and files back.',
  commands: [
    { name: 'info', summary: 'what a folder of faces holds', load: async () => (await import('./info.ts')).info },
    {
      name: 'check',
      summary: 'find broken, repeated, blurred faces, closed eyes and other persons',
      load: async () => (await import('./check.ts')).check,
    },
    { name: 'sheet', summary: 'a contact sheet of the faces, as PNG', load: async () => (await import('./pictures.ts')).sheet },
    { name: 'map', summary: 'which poses of dst src has, as picture and in words', load: async () => (await import('./pictures.ts')).map },
    {
      name: 'measure',
      summary: 'numbers of every face as a table: sharpness, pose, light, size, expression',
      load: async () => (await import('./numbers.ts')).measure,
    },
    { name: 'sort', summary: 'rename faces to numbers in the order of a measure', load: async () => (await import('./sort.ts')).sort },
    { name: 'best', summary: 'keep the N most useful faces', load: async () => (await import('./choose.ts')).best },
    { name: 'dedupe', summary: 'take out faces that repeat others', load: async () => (await import('./choose.ts')).dedupeFaces },
    { name: 'cluster', summary: 'group faces by person', load: async () => (await import('./cluster.ts')).clusterFaces },
    { name: 'names', summary: 'recover the names that extraction gave', load: async () => (await import('./names.ts')).names },
    { name: 'resize', summary: 'another size or crop for aligned faces', load: async () => (await import('./resize.ts')).resize },
    { name: 'mirror', summary: 'faces as in a mirror', load: async () => (await import('./mirror.ts')).mirror },
    { name: 'mask', summary: 'make, remove or export the masks stored in faces', load: async () => (await import('./mask.ts')).mask },
    {
      name: 'save-metadata',
      summary: 'keep face data apart while pictures are edited elsewhere',
      load: async () => (await import('./metadata.ts')).saveMetadata,
    },
    {
      name: 'restore-metadata',
      summary: 'put face data back into edited pictures',
      load: async () => (await import('./metadata.ts')).restoreMetadata,
    },
    {
      name: 'realign',
      summary: 'make faces anew from their alignments, at another size or type',
      load: async () => (await import('./realign.ts')).realign,
    },
    { name: 'pack', summary: 'pack the faces of a folder into faceset.pak', load: async () => (await import('./pack.ts')).pack },
    { name: 'unpack', summary: 'take the faces out of faceset.pak', load: async () => (await import('./pack.ts')).unpack },
    {
      name: 'landmarks',
      summary: 'pictures of faces with their landmarks drawn',
      load: async () => (await import('./landmarks.ts')).landmarks,
    },
    { name: 'trash', summary: 'move faces to the trash beside their folder', load: async () => (await import('./trash.ts')).trash },
    { name: 'restore', summary: 'bring faces back from the trash', load: async () => (await import('./restore.ts')).restore },
    { name: 'undo', summary: 'take back the last change of a folder', load: async () => (await import('./undo.ts')).undo },
  ],
};
