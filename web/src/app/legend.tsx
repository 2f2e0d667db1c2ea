// What the colours of nodes mean.

import { CATEGORIES } from '../engine/theme';
import { Icon } from './icons';
import { legendShown } from './settings';
import type { Pane } from './store';
import { engineTheme } from './theme';

export function Legend(_: { pane: Pane }) {
  const theme = engineTheme.value;
  return (
    <div class="legend" role="note" aria-label="Legend of colours">
      <header>Colours
        <button class="icon-button" aria-label="Hide the legend" onClick={() => { legendShown.value = false; }}><Icon name="close" size={12} /></button>
      </header>
      <ul>
        {CATEGORIES.map((c) => (
          <li key={c.id}>
            <span class="swatch" style={{ background: theme.categories[c.id].fill, borderColor: theme.categories[c.id].border }} />{c.title}
          </li>
        ))}
        <li><span class="swatch line" style={{ background: theme.input }} />Inputs of the selection</li>
        <li><span class="swatch line" style={{ background: theme.output }} />Outputs of the selection</li>
      </ul>
    </div>
  );
}
