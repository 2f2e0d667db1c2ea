// Light, dark, or as the system has it: an attribute on the root element for the style sheet, and the engine's colours.

import { computed, effect, signal } from '@preact/signals';

import { DARK, LIGHT } from '../engine/theme';
import { theme } from './settings';

const query = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(query.matches);
query.addEventListener('change', () => {
  systemDark.value = query.matches;
});

export const isDark = computed(() => theme.value === 'dark' || (theme.value !== 'light' && systemDark.value));
export const engineTheme = computed(() => (isDark.value ? DARK : LIGHT));

/** Keeps the page in the chosen theme from now on. */
export function followTheme(): void {
  effect(() => {
    document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
  });
}
