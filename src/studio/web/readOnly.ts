/**
 * Small screens look on, and so do other machines unless the studio lets them act: everything is there, and nothing acts. Whatever changes something
 * carries the class `acts` and is then not there at all; what shows a value stands in `Locked`; and requests that would change something are not sent.
 */
import { computed, effect, signal } from './ui.ts';

const small = matchMedia('(max-width: 639px)');

const isSmall = signal(small.matches);
/** As the server says, which refuses what it does not allow. */
export const mayAct = signal(true);
export const readOnly = computed(() => isSmall.value || !mayAct.value);
/** A key of the page's messages. */
export const whyReadOnly = (): 'readOnlyRemote' | 'readOnly' => (mayAct.value ? 'readOnly' : 'readOnlyRemote');
small.addEventListener('change', ({ matches }) => {
  isSmall.value = matches;
});
effect(() => {
  document.documentElement.classList.toggle('looks-on', readOnly.value);
});
