// Repeated blocks of flat graphs as layers: the graph is asked for again with them, or without.

import { registerCommands } from '../app/commands';
import { say } from '../app/notify';
import { showGraph } from '../app/open';
import type { GraphRef } from '../app/source';
import { source } from '../app/store';

const SUFFIX = '+repeats';

function isGrouped(ref: GraphRef | null | undefined): boolean {
  return !!ref?.layers.endsWith(SUFFIX);
}

registerCommands({
  id: 'graph.groupRepeats', title: 'Group repeated blocks', group: 'Layers', icon: 'group', menus: ['toolbar', 'canvas'], order: 103,
  help: 'Makes a layer of each copy of a block of ops that comes several times in a row.',
  when: (c) => !!c.pane?.graph.value && c.pane.model.value?.format !== 'graph-json' && source().kind === 'server',
  checked: (c) => isGrouped(c.pane?.ref.value),
  run: async (c) => {
    const pane = c.pane!, ref = pane.ref.peek()!, before = pane.graph.peek()!;
    const grouped = isGrouped(ref);
    const layers = grouped ? ref.layers.slice(0, -SUFFIX.length) : `${ref.layers || 'auto'}${SUFFIX}`;
    const state = await pane.view.peek()?.saveState();
    await showGraph(pane, { ...ref, layers }, { state });
    const now = pane.graph.peek();
    if (grouped || !now || pane.ref.peek()?.layers !== layers) return;
    const blocks = now.nLayers - before.nLayers;
    if (blocks === 0) await showGraph(pane, ref, { state });
    say(blocks > 0 ? `${blocks.toLocaleString('en')} blocks are layers now.` : 'No block of ops is repeated in this graph.');
  },
});
