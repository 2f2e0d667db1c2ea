// theme.ts - the engine's colours for light and dark, and what kind of thing each op does.
//
// A category's fill is pale enough to be written on; its border says the hue. The legend of the page and the scene in C
// (src/scene/category.c) agree on the order.
import type { Category, Theme } from './types';

/** In the order of the numbers the engine uses. */
export const CATEGORIES: { id: Category; title: string }[] = [
  { id: 'other', title: 'Other' },
  { id: 'matmul', title: 'Matrix multiplication' },
  { id: 'conv', title: 'Convolution and pooling' },
  { id: 'elementwise', title: 'Elementwise' },
  { id: 'movement', title: 'Data movement' },
  { id: 'reduction', title: 'Reduction' },
  { id: 'normalization', title: 'Normalization and softmax' },
  { id: 'ccl', title: 'Between devices' },
  { id: 'constant', title: 'Constant' },
  { id: 'argument', title: 'Argument' },
  { id: 'return', title: 'Return' },
  { id: 'call', title: 'Call' },
  { id: 'memory', title: 'Memory and device' },
];

const hues = (pairs: Record<Category, [string, string]>): Theme['categories'] =>
  Object.fromEntries(Object.entries(pairs).map(([k, [fill, border]]) => [k, { fill, border }])) as Theme['categories'];

export const LIGHT: Theme = {
  background: '#f6f7f9',
  surface: '#ffffff',
  layer: '#e9eef5',
  depths: ['#ffffff', '#f2f5f9', '#e9eef4', '#e0e7ef', '#d7e0ea', '#ced9e5'],
  border: '#b4bdc9',
  layerBorder: '#94a3b8',
  text: '#1b2430',
  muted: '#5d6b7c',
  edge: '#8592a3',
  accent: '#1f6feb',
  input: '#1a9850',
  output: '#e8710a',
  match: '#d4a017',
  identical: '#a435c9',
  categories: hues({
    other: ['#ffffff', '#aab4c2'],
    matmul: ['#e3ecff', '#5b8def'],
    conv: ['#e4f3ff', '#38a3e0'],
    elementwise: ['#e8f6ec', '#57b377'],
    movement: ['#f3f1ec', '#b3a68c'],
    reduction: ['#fff0e0', '#e39a45'],
    normalization: ['#fdeaf3', '#d9689f'],
    ccl: ['#efe8ff', '#9474e0'],
    constant: ['#eceff3', '#9aa5b4'],
    argument: ['#e0f5f4', '#35a79c'],
    return: ['#e0f5f4', '#35a79c'],
    call: ['#fff6d6', '#d3ac2b'],
    memory: ['#f1f1f4', '#b2b2bf'],
  }),
};

export const DARK: Theme = {
  background: '#14181e',
  surface: '#262d37',
  layer: '#2b3542',
  depths: ['#1b2129', '#212832', '#28303c', '#2f3946', '#364250', '#3d4a5a'],
  border: '#4a5666',
  layerBorder: '#5d6d82',
  text: '#e6ebf2',
  muted: '#9aa7b8',
  edge: '#738297',
  accent: '#5aa2ff',
  input: '#3ecf7d',
  output: '#ff9a3d',
  match: '#ffd24a',
  identical: '#d477f2',
  categories: hues({
    other: ['#2a323d', '#576577'],
    matmul: ['#22345c', '#5b8def'],
    conv: ['#1c3a50', '#3a9fd6'],
    elementwise: ['#20402d', '#4fa56d'],
    movement: ['#38342b', '#8f8467'],
    reduction: ['#48341c', '#cf8a3a'],
    normalization: ['#472a3b', '#c65c92'],
    ccl: ['#352c54', '#8f73d6'],
    constant: ['#2c333d', '#6d7a8b'],
    argument: ['#1a3f3d', '#2f978d'],
    return: ['#1a3f3d', '#2f978d'],
    call: ['#443a17', '#b8962a'],
    memory: ['#2d2e35', '#6b6c7a'],
  }),
};
