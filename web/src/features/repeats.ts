// Repeated blocks of flat graphs as layers: the graph is asked for again with them, or without.

import { registerCommands, runCommand } from '../app/commands';
import { say } from '../app/notify';
import { showGraph } from '../app/open';
import type { GraphRef } from '../app/source';
import { source } from '../app/store';
import { nextTask } from '../app/turn';
import { whole } from '../app/values';
import { getRepeats } from './analyses';
import { eachPane, following } from './common';

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
    say(blocks > 0 ? `${whole(blocks)} blocks are layers now.` : 'No block of ops is repeated in this graph.');
  },
});

/** Layers with more children than this are offered to be grouped. */
const MANY = 400;

/** Flat layers of many ops: when there is something to group it is said, once per model. Its other stages repeat as well. */
const looked = new Set<string>(), offered = new Set<string>();
eachPane((pane) => following(
  () => {
    const ref = pane.ref.value, graph = pane.graph.value;
    return ref && graph && source().kind === 'server' && !isGrouped(ref) ? { ref, graph } : null;
  },
  async ({ ref, graph }, abort) => {
    const key = `${ref.model}/${ref.run ?? ''}/${ref.stage}/${ref.part}/${ref.layers}`;
    if (offered.has(ref.model) || looked.has(key)) return;
    looked.add(key);
    await nextTask();
    const children = new Uint32Array(graph.n), parents = graph.parent;
    let layer = 0;
    for (let n = 1; n < graph.n; n++) {
      const parent = parents[n]!;
      if (++children[parent]! > children[layer]!) layer = parent;
    }
    if (children[layer]! <= MANY || abort.aborted) return;
    const runs = await getRepeats(ref, layer, abort).catch(() => []); // graphs without a module have none
    const blocks = runs.reduce((sum, r) => sum + r.count, 0);
    if (blocks <= 1 || offered.has(ref.model)) return;
    offered.add(ref.model);
    say(`${whole(blocks)} blocks of ops repeat in this graph.`, { title: 'Group them', run: () => runCommand('graph.groupRepeats', { pane, node: null }) });
  },
  () => {},
));
