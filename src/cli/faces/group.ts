/** The table of `liae faces …`. To add a command, write its file here and name it in the table. */
import type { CommandGroup } from '../command.ts';

export const faces: CommandGroup = {
  name: 'faces',
  summary: 'look at, sort, choose, mend and pack aligned faces',
  about:
    'Tools for folders of aligned faces. Nothing is ever deleted: what a tool takes out of DIR goes to DIR_trash beside it, and every move is in a journal in DIR, so that liae faces undo DIR brings names and files back.',
  commands: [
    { name: 'trash', summary: 'move faces to the trash beside their folder', load: async () => (await import('./trash.ts')).trash },
    { name: 'restore', summary: 'bring faces back from the trash', load: async () => (await import('./restore.ts')).restore },
    { name: 'undo', summary: 'take back the last change of a folder', load: async () => (await import('./undo.ts')).undo },
  ],
};
