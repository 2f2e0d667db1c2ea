// One colour for all ops instead of those of what they do, for each theme; below what other features colour.

import { styleLayers } from '../app/panels';
import { kept, registerSettings } from '../app/settings';
import { isDark } from '../app/theme';
import { DARK, LIGHT } from '../engine/theme';
import { colourNumber } from './common';

const opLight = kept('opLight', ''), opDark = kept('opDark', '');

registerSettings(
  { id: 'opLight', title: 'Ops, light theme', group: 'Sizes and colours', kind: 'colour', value: opLight, usual: () => LIGHT.categories.other.fill,
    help: 'As usual: by what they do.' },
  { id: 'opDark', title: 'Ops, dark theme', group: 'Sizes and colours', kind: 'colour', value: opDark, usual: () => DARK.categories.other.fill },
);

styleLayers.add({
  id: 'opcolour', title: 'Colour of ops', order: -100,
  colours: (pane) => {
    const colour = colourNumber(isDark.value ? opDark.value : opLight.value), graph = pane.graph.value;
    if (!colour || !graph) return null;
    const fill = new Uint32Array(graph.n);
    for (let n = 1; n < graph.n; n++) if (!graph.isLayer(n)) fill[n] = colour;
    return { fill };
  },
});
