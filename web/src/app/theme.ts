// Light, dark, or as the system has it: an attribute on the root element for the style sheet, and the engine's colours.

import { computed, effect, signal } from '@preact/signals';

import { DARK, LIGHT } from '../engine/theme';
import { edgeDark, edgeLight, inspectorFont, theme } from './settings';

const query = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(query.matches);
query.addEventListener('change', () => {
  systemDark.value = query.matches;
});

export const isDark = computed(() => theme.value === 'dark' || (theme.value !== 'light' && systemDark.value));
/** The engine's colours, with those of the settings. */
export const engineTheme = computed(() => {
  const usual = isDark.value ? DARK : LIGHT, edge = isDark.value ? edgeDark.value : edgeLight.value;
  return edge ? { ...usual, edge } : usual;
});

/** Keeps the page in the chosen theme, and the inspector's text at its size, from now on. */
export function followTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
  });
  effect(() => { document.documentElement.style.setProperty('--inspector-zoom', String(inspectorFont.value / 13)); });
}
