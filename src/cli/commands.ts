/** The table of commands. To add one, write its file and name it here. */
import type { TableEntry } from './command.ts';
import { faces } from './faces/group.ts';
import { video } from './video/group.ts';

export const commands: readonly TableEntry[] = [
  {
    name: 'studio',
    summary: 'the local web page: clips, faces, training and jobs of a workspace',
    load: async () => (await import('./studio.ts')).studio,
  },
  { name: 'extract', summary: 'aligned faces out of clips and pictures', load: async () => (await import('./extract.ts')).extract },
  { name: 'train', summary: 'train a model, new or saved', load: async () => (await import('./train.ts')).train },
  {
    name: 'backups',
    summary: 'list, make and restore the backups of a model',
    load: async () => (await import('./backups.ts')).backups,
  },
  { name: 'preview', summary: 'paint the preview sheet of a saved model', load: async () => (await import('./preview.ts')).preview },
  { name: 'swap', summary: 'swapped face and mask for every aligned face of a set', load: async () => (await import('./swap.ts')).swap },
  { name: 'merge', summary: 'put the faces that a model predicts into a clip', load: async () => (await import('./merge.ts')).merge },
  faces,
  video,
  { name: 'import', summary: 'take over a DeepFaceLab model', load: async () => (await import('./importModel.ts')).importModel },
  { name: 'export', summary: 'write a saved model for other tools', load: async () => (await import('./exportModel.ts')).exportModel },
  { name: 'score', summary: 'compare swapped faces with a known truth', load: async () => (await import('./score.ts')).score },
  {
    name: 'demo',
    summary: 'from two bundled clips to a finished film, in about four minutes',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'verify',
    summary: 'the content credentials of files, and whether they still fit',
    load: async () => (await import('./verify.ts')).verify,
  },
  { name: 'history', summary: 'draw the loss history of a model', load: async () => (await import('./history.ts')).history },
  { name: 'doctor', summary: 'what this machine and installation offer', load: async () => (await import('./doctor.ts')).doctor },
];
