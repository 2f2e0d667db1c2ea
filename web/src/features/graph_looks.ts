// Colours that graph JSON gives its nodes and layers; below all that features colour.

import { styleLayers } from '../app/panels';
import { colourNumber } from './common';

styleLayers.add({
  id: 'graphlooks', title: 'Colours of the file', order: -50,
  colours: (pane) => {
    const graph = pane.graph.value, styles = pane.looks.value?.styles;
    if (!graph || !styles?.length) return null;
    const fill = new Uint32Array(graph.n), border = new Uint32Array(graph.n), text = new Uint32Array(graph.n);
    for (const s of styles) {
      if (s.node >= graph.n) continue;
      if (s.fill) fill[s.node] = colourNumber(s.fill);
      if (s.border) border[s.node] = colourNumber(s.border);
      if (s.text) text[s.node] = colourNumber(s.text);
    }
    return { fill, border, text };
  },
});
