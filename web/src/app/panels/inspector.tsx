// The inspector: all about what is selected, in sections that features can add to. With nothing selected, the graph.

import { computed, effect, untracked, useSignal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { closePanel, openPanel } from '../dock';
import { Icon } from '../icons';
import { nodeInfo } from '../node_info';
import { sentence } from '../notify';
import { inspectorSections, panels, type InspectorContext } from '../panels';
import { kept, registerSettings } from '../settings';
import { isCancel, Problem, type NodeInfo } from '../source';
import { activePane, type Pane } from '../store';
import { count } from '../values';
import './inspector_node';
import './inspector_doc';
import './inspector_graph';

/** Sections the user has folded or unfolded, by id. */
const folds = kept<Record<string, boolean>>('folds', {});

export function Section(props: { id: string; title: string; folded?: boolean; aside?: ComponentChildren; children: ComponentChildren }) {
  const open = !(folds.value[props.id] ?? props.folded ?? false);
  return (
    <section class="section">
      <header>
        <button class="section-head" aria-expanded={open} onClick={() => { folds.value = { ...folds.peek(), [props.id]: open }; }}>
          <Icon name={open ? 'down' : 'right'} size={12} />{props.title}
        </button>
        {props.aside}
      </header>
      {open && <div class="section-body">{props.children}</div>}
    </section>
  );
}

function Inspector() {
  const pane = activePane.value;
  if (!pane || !pane.graph.value) return <p class="empty">No graph is open.</p>;
  return <Inspected key={pane.id} pane={pane} />;
}

function Inspected({ pane }: { pane: Pane }) {
  const info = useSignal<NodeInfo | null>(null);
  const problem = useSignal<Problem | null>(null);
  const again = useSignal(0);
  useSignalEffect(() => {
    const node = pane.selected.value, graph = pane.graph.value, ref = pane.drawn;
    void again.value;
    problem.value = null;
    if (node === null || !ref || !graph) {
      info.value = null;
      return;
    }
    let gone = false;
    nodeInfo(ref, node).then(
      (found) => { if (!gone) info.value = found; },
      (thrown) => { if (!gone && !isCancel(thrown)) problem.value = Problem.of(thrown); });
    return () => { gone = true; };
  });
  const node = pane.selected.value;
  const several = pane.selection.value.length;
  const graph = pane.graph.value!;
  // While the next one comes, the last stays, so that nothing jumps.
  const context: InspectorContext = { pane, node, info: node === null ? null : info.value };
  if (problem.value) {
    return (
      <div class="problem" role="alert"><Icon name="error" /><div><p>{sentence(problem.value.message)}</p>
        <button onClick={() => { again.value++; }}>Try again</button></div></div>
    );
  }
  if (node !== null && !info.value) return null;
  return (
    <div class="inspector" aria-live="polite">
      {several > 1 && (
        <p class="hint">{count(several, 'node')} are selected: {[...pane.selection.value.slice(0, 3)].map((n) => graph.label(n)).join(', ')}
          {several > 3 && ', …'}</p>
      )}
      {inspectorSections.all().filter((s) => s.when(context)).map((s) => (
        <Section key={s.id} id={s.id} title={s.title} folded={s.folded}><s.component {...context} /></Section>
      ))}
    </div>
  );
}

panels.add({
  id: 'inspector', title: 'Inspector', icon: 'info', side: 'right', size: 350, order: 30, shortcut: 'I',
  help: 'All about the selected node, or about the graph when nothing is selected.', component: Inspector,
  opensByItself: () => !withSelection.peek(),
});

/** The inspector comes and goes with the selection; by its command it opens all the same. */
const withSelection = kept('inspectorWithSelection', false);
registerSettings({ id: 'inspectorWithSelection', title: 'Show the inspector only while something is selected', group: 'Inspector', kind: 'switch',
  value: withSelection });
const wanted = computed(() => (withSelection.value ? (activePane.value?.selection.value.length ?? 0) > 0 : null));
let before: boolean | null = null;
effect(() => {
  const now = wanted.value;
  untracked(() => {
    if (now === false) closePanel('inspector');
    else if (now || before !== null) openPanel('inspector', false);
  });
  before = now;
});

