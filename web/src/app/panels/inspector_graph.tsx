// The inspector's sections about the whole graph, shown when nothing is selected.

import type { CompactGraph } from '../../engine/graph';
import { complain } from '../notify';
import { inspectorSections, type InspectorContext } from '../panels';
import { runCommand } from '../commands';
import { nodeInfo } from '../node_info';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { NodeInfo } from '../source';
import { stages } from '../store';
import { nextTask } from '../turn';
import { bytes, count, when, whole } from '../values';
import { AttributeRow, CopyButton, Row, Value } from './inspector_parts';
import { openOpTable } from './op_table_state';

function Graph({ pane }: InspectorContext) {
  const graph = pane.graph.value!, model = pane.model.value, ref = pane.ref.value!;
  const stage = stages.value.get(ref.model)?.find((s) => s.stage === ref.stage);
  return (
    <>
      <h2 class="node-name">{pane.title.value}<span class="chip">Graph</span></h2>
      <div role="table" aria-label="Graph">
        {model && <Row name="model">{model.name}</Row>}
        {model?.path && <Row name="file" actions={<CopyButton text={model.path} what="path" />}><Value text={model.path} /></Row>}
        {stage && <Row name="stage">{stage.name}</Row>}
        {model && <Row name="format">{model.format}, {bytes(model.size)}</Row>}
        <Row name="ops">{whole(graph.nOps)}</Row>
        <Row name="layers">{whole(Math.max(0, graph.nLayers - 1))}, at most {graph.depth} deep</Row>
        <Row name="edges">{whole(graph.nEdges)}</Row>
        {model?.opened ? <Row name="opened">{when(model.opened)}</Row> : null}
        <Row name="hash" actions={<CopyButton text={ref.model} what="hash" />}><span class="mono">{ref.model.slice(0, 16)}…</span></Row>
      </div>
    </>
  );
}

function GraphAttributes({ pane }: InspectorContext) {
  const root = useSignal<NodeInfo | null>(null);
  const ref = pane.ref.value, graph = pane.graph.value, layer = pane.root.value;
  useEffect(() => {
    let gone = false;
    if (ref && graph) nodeInfo(ref, layer).then((info) => { if (!gone) root.value = info; }, () => {});
    return () => { gone = true; };
  }, [ref, graph, layer]);
  const attrs = root.value?.attrs ?? [];
  if (!attrs.length) return <p class="muted">None.</p>;
  return <div role="table" aria-label="Attributes of the graph">{attrs.map((a) => <AttributeRow key={a.key} attr={a} />)}</div>;
}

const MOST = 12;

/** Nodes that are counted in one task. */
const SLICE = 20000;

/** How many ops there are of each kind, the most first; null when it was ended. */
async function tallyOf(graph: CompactGraph, ended: () => boolean): Promise<{ name: string; n: number }[] | null> {
  const tally = new Map<number, { first: number; n: number }>();
  for (let at = 1; at < graph.n; at += SLICE) {
    await nextTask();
    if (ended()) return null;
    for (let i = at, end = Math.min(graph.n, at + SLICE); i < end; i++) {
      if (!graph.isOp(i)) continue;
      const label = graph.labelNumber(i), known = tally.get(label);
      if (known) known.n++;
      else tally.set(label, { first: i, n: 1 });
    }
  }
  return [...tally.values()].sort((a, b) => b.n - a.n).map(({ first, n }) => ({ name: graph.label(first), n }));
}

/** How many ops there are of each kind. */
function Ops({ pane }: InspectorContext) {
  const rows = useSignal<readonly { name: string; n: number }[]>([]); // those of the graph before until the new ones are there
  const graph = pane.graph.value!;
  useEffect(() => {
    let gone = false;
    tallyOf(graph, () => gone).then((found) => { if (found) rows.value = found; }, complain);
    return () => { gone = true; };
  }, [graph]);
  const list = rows.value, most = list[0]?.n ?? 1;
  return (
    <div class="op-bars">
      {list.slice(0, MOST).map(({ name, n }) => (
        <button key={name} class="op-bar" title={`Show ${name} in the op table`} onClick={() => openOpTable(name)}>
          <span class="op-bar-fill" style={{ width: `${(100 * n) / most}%` }} />
          <span class="op-bar-name">{name}</span><span class="op-bar-count">{whole(n)}</span>
        </button>
      ))}
      {list.length > MOST && (
        <button class="link" onClick={() => runCommand('panel.ops', { pane, node: null })}>{count(list.length - MOST, 'more kind')} in the op table</button>
      )}
    </div>
  );
}

inspectorSections.add(
  { id: 'graph', title: 'Graph', order: 10, when: (c) => c.node === null, component: Graph },
  { id: 'graphAttributes', title: 'Attributes of the graph', order: 20, when: (c) => c.node === null, component: GraphAttributes, folded: true },
  { id: 'graphOps', title: 'Ops', order: 30, when: (c) => c.node === null, component: Ops },
);
