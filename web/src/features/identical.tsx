// Identical layers: with a layer selected, all layers that hold the same are outlined and listed.

import { signal, useSignal } from '@preact/signals';

import { inspectorSections, type InspectorContext } from '../app/panels';
import { kept, registerSettings } from '../app/settings';
import type { Pane } from '../app/store';
import { engineTheme } from '../app/theme';
import { NodeLink } from '../app/panels/inspector_parts';
import { whole } from '../app/values';
import { getIdentical } from './analyses';
import { eachPane, following } from './common';

const PAGE = 10;

const sameTypes = kept('identicalTypes', false);
registerSettings({
  id: 'identicalTypes', title: 'Identical layers have equal tensor types', group: 'Selection', kind: 'switch', value: sameTypes,
  help: 'Otherwise the same ops connected in the same way are enough.',
});

/** By pane: the layers identical to the selected one, that one among them. */
const groups = signal<ReadonlyMap<Pane, { layer: number; layers: readonly number[] }>>(new Map());

function setGroup(pane: Pane, group: { layer: number; layers: readonly number[] } | null): void {
  const next = new Map(groups.peek());
  next.delete(pane);
  if (group) next.set(pane, group);
  groups.value = next;
}

eachPane((pane) => following(
  () => {
    const layer = pane.selected.value, graph = pane.graph.value, ref = pane.ref.value, theme = engineTheme.value;
    return graph && ref && layer && graph.isLayer(layer) ? { layer, graph, ref, theme, types: sameTypes.value } : null;
  },
  async ({ layer, graph, ref, theme, types }, abort) => {
    const [layers = []] = await getIdentical(ref, layer, types, abort);
    if (pane.graph.peek() !== graph) return;
    setGroup(pane, { layer, layers });
    const others = layers.filter((l) => l !== layer);
    pane.mark('identical', others.length ? { highlights: [{ nodes: others, color: theme.identical, throughLayers: false }] } : null);
  },
  () => {
    setGroup(pane, null);
    pane.mark('identical', null);
  },
));

function Identical({ pane }: InspectorContext) {
  const page = useSignal(0);
  const group = groups.value.get(pane);
  if (!group) return <p class="muted">Looking…</p>;
  const others = group.layers.filter((l) => l !== group.layer);
  if (!others.length) return <p class="muted">No other layer holds the same.</p>;
  const pages = Math.ceil(others.length / PAGE), at = Math.min(page.value, pages - 1);
  return (
    <div class="identical">
      <div class="row-bar">
        <span>{whole(others.length)} {others.length === 1 ? 'layer' : 'layers'}</span>
        <span class="grow" />
        {pages > 1 && <>
          <button class="link" disabled={at === 0} onClick={() => { page.value = at - 1; }}>Back</button>
          <span class="muted">{at + 1} of {pages}</span>
          <button class="link" disabled={at === pages - 1} onClick={() => { page.value = at + 1; }}>More</button>
        </>}
        <button class="link" onClick={() => pane.select(group.layers)}>Select all</button>
      </div>
      <ul class="plain">
        {others.slice(at * PAGE, at * PAGE + PAGE).map((layer) => <li key={layer}><NodeLink pane={pane} node={layer} /></li>)}
      </ul>
    </div>
  );
}

inspectorSections.add({
  id: 'identical', title: 'Identical layers', order: 60,
  when: (c) => c.node !== null && c.node !== 0 && !!c.pane.graph.value?.isLayer(c.node), component: Identical,
});
