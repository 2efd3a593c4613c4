/** The one door to the library that draws the page. */
export { computed, effect, type Signal, signal, untracked, useSignal } from '@preact/signals';
export { type ComponentChildren, render } from 'preact';
export { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
