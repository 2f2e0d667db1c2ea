// What the user has set. Kept in the browser's local storage; where that is not allowed (some frames), for the time the
// page is open.

import { computed, effect, signal, type Signal } from '@preact/signals';

import { DARK, LIGHT } from '../engine/theme';
import { storage } from './storage';

/** A signal whose value outlives the page. What is kept must be of the type of the default, else the default holds. */
export function kept<T>(key: string, initial: T): Signal<T> {
  const before = storage.get(key);
  const fits = before !== undefined && typeof before === typeof initial && Array.isArray(before) === Array.isArray(initial);
  const s = signal<T>(fits ? (before as T) : initial);
  let first = true;
  effect(() => {
    const value = s.value;
    if (!first) storage.set(key, value);
    first = false;
  });
  return s;
}

export type ThemeChoice = 'system' | 'light' | 'dark';

/** One setting of the settings dialog. */
export type Setting =
  | { id: string; title: string; help?: string; group: string; kind: 'switch'; value: Signal<boolean> }
  | { id: string; title: string; help?: string; group: string; kind: 'number'; value: Signal<number>; min: number; max: number;
      step?: number }
  | { id: string; title: string; help?: string; group: string; kind: 'colour';
      /** "#rrggbb"; empty: what `usual` gives. */
      value: Signal<string>; usual: () => string }
  | { id: string; title: string; help?: string; group: string; kind: 'text'; value: Signal<string>; placeholder?: string }
  | { id: string; title: string; help?: string; group: string; kind: 'choice'; value: Signal<string>;
      choices: readonly { value: string; title: string }[] };

const table: Setting[] = [];

/** Adds settings to the dialog; features register theirs when their module is loaded. */
export function registerSettings(...settings: Setting[]): void {
  table.push(...settings);
}
export function allSettings(): readonly Setting[] {
  return table;
}

export const theme = kept<string>('theme', 'system');
export const welcome = kept('welcome', true);
export const renderer = kept<string>('renderer', 'auto');
export const motion = kept('motion', true);
export const layersRule = kept('layers', 'auto');
export const hiddenOps = kept('hiddenOps', '');
export const hideHousekeeping = kept('hideHousekeeping', true);
export const dissolveSingles = kept('dissolveSingles', false);
export const highlightInputs = kept('highlightInputs', true);
export const highlightOutputs = kept('highlightOutputs', true);
export const highlightLayers = kept('highlightLayers', true);
export const parameterEdges = kept('parameterEdges', 'auto');
export const constantElements = kept('constantElements', 16);
export const opFont = kept('opFont', 12);
export const layerFont = kept('layerFont', 12);
export const edgeFont = kept('edgeFont', 9.5);
/** Sizes of fonts in graphs. */
export const fonts = computed(() => ({ op: opFont.value, layer: layerFont.value, edge: edgeFont.value }));
export const edgeLabelLength = kept('edgeLabelLength', 0);
export const inspectorFont = kept('inspectorFont', 13);
export const edgeLight = kept('edgeLight', '');
export const edgeDark = kept('edgeDark', '');
export const minimapShown = kept('minimap', true);
export const legendShown = kept('legend', false);

registerSettings(
  { id: 'theme', title: 'Theme', group: 'Look', kind: 'choice', value: theme,
    choices: [{ value: 'system', title: 'As the system' }, { value: 'light', title: 'Light' }, { value: 'dark', title: 'Dark' }] },
  { id: 'welcome', title: 'Show the welcome card on the start page', group: 'Look', kind: 'switch', value: welcome },
  { id: 'motion', title: 'Animate changes of the view', group: 'Look', kind: 'switch', value: motion },
  { id: 'renderer', title: 'Drawing', group: 'Look', kind: 'choice', value: renderer,
    help: 'Takes effect for graphs opened from now on.',
    choices: [{ value: 'auto', title: 'Automatic' }, { value: 'webgl', title: 'WebGL 2' }, { value: 'canvas', title: 'Canvas' }] },
  { id: 'layers', title: 'Layers of MLIR graphs', group: 'Graph', kind: 'choice', value: layersRule,
    help: 'How layers are made of the locations of ops. Takes effect for graphs opened from now on.',
    choices: ['auto', 'slash', 'nested', 'fused', 'file', 'adapter', 'function', 'flat'].map((value) => ({ value, title: value })) },
  { id: 'hideHousekeeping', title: 'Hide housekeeping ops', group: 'Graph', kind: 'switch', value: hideHousekeeping,
    help: 'Ops such as deallocate and get_device, which say nothing about the model.' },
  { id: 'hiddenOps', title: 'Hide ops with these labels', group: 'Graph', kind: 'text', value: hiddenOps,
    placeholder: 'Const, no_value, pseudo_const', help: 'Separated by commas.' },
  { id: 'dissolveSingles', title: 'Dissolve layers that hold one op only', group: 'Graph', kind: 'switch', value: dissolveSingles },
  { id: 'highlightInputs', title: 'Highlight inputs of the selection', group: 'Selection', kind: 'switch', value: highlightInputs },
  { id: 'highlightOutputs', title: 'Highlight outputs of the selection', group: 'Selection', kind: 'switch',
    value: highlightOutputs },
  { id: 'highlightLayers', title: 'Highlight inputs and outputs of selected layers', group: 'Selection', kind: 'switch',
    value: highlightLayers },
  { id: 'opFont', title: 'Labels of ops', group: 'Sizes and colours', kind: 'number', value: opFont, min: 6, max: 40, step: 0.5 },
  { id: 'layerFont', title: 'Labels of layers', group: 'Sizes and colours', kind: 'number', value: layerFont, min: 6, max: 40, step: 0.5 },
  { id: 'edgeFont', title: 'Labels of edges', group: 'Sizes and colours', kind: 'number', value: edgeFont, min: 5, max: 30, step: 0.5,
    help: 'They are written level always.' },
  { id: 'edgeLabelLength', title: 'Longest label of an edge', group: 'Sizes and colours', kind: 'number', value: edgeLabelLength, min: 0, max: 200,
    help: 'In characters; 0: as long as it is.' },
  { id: 'inspectorFont', title: 'Text of the inspector', group: 'Sizes and colours', kind: 'number', value: inspectorFont, min: 10, max: 20, step: 0.5 },
  { id: 'edgeLight', title: 'Edges, light theme', group: 'Sizes and colours', kind: 'colour', value: edgeLight, usual: () => LIGHT.edge },
  { id: 'edgeDark', title: 'Edges, dark theme', group: 'Sizes and colours', kind: 'colour', value: edgeDark, usual: () => DARK.edge },
  { id: 'constantElements', title: 'Elements shown of constants', group: 'Inspector', kind: 'number', value: constantElements,
    min: 1, max: 4096 },
);
