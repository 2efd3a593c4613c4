/**
 * Small screens look on: everything is there, and nothing acts. Whatever changes something carries the class `acts` and is then not there at all; what
 * shows a value stands in `Locked`; and requests that would change something are not sent.
 */
import { effect, signal } from './ui.ts';

const small = matchMedia('(max-width: 639px)');

export const readOnly = signal(small.matches);
small.addEventListener('change', ({ matches }) => {
  readOnly.value = matches;
});
effect(() => {
  document.documentElement.classList.toggle('looks-on', readOnly.value);
});

/** Requests that have a body and change nothing: pictures and numbers that are made on request, and files that are read and not kept. */
const looking = /^\/(merge\/(scene|picture)|training\/estimate|verify\/[^/]*)$/;

export const isActing = (method: string, path: string): boolean => method !== 'GET' && !looking.test(path);
