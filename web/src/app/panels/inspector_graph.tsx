// The inspector's sections about the whole graph, shown when nothing is selected.

import { inspectorSections, type InspectorContext } from '../panels';
import { runCommand } from '../commands';
import { nodeInfo } from '../node_info';
import { useSignal, useSignalEffect } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { NodeInfo } from '../source';
import { stages } from '../store';
import { bytes, count, when } from '../values';
import { AttributeRow, CopyButton, Row, Value } from './inspector_parts';
import { openOpTable } from './op_table_state';

function Graph({ pane }: InspectorContext) {
  const graph = pane.graph.value!, model = pane.model.value, ref = pane.ref.value!;
  const stage = stages.value.get(ref.model)?.find((s) => s.stage === ref.stage);
  return (
    <>
      <h2 class="node-name">{graph.name || model?.name}<span class="chip">Graph</span></h2>
      <div role="table" aria-label="Graph">
        {model && <Row name="model">{model.name}</Row>}
        {model?.path && <Row name="file" actions={<CopyButton text={model.path} what="path" />}><Value text={model.path} /></Row>}
        {stage && <Row name="stage">{stage.name}</Row>}
        {model && <Row name="format">{model.format}, {bytes(model.size)}</Row>}
        <Row name="ops">{graph.nOps.toLocaleString('en')}</Row>
        <Row name="layers">{Math.max(0, graph.nLayers - 1).toLocaleString('en')}, at most {graph.depth} deep</Row>
        <Row name="edges">{graph.nEdges.toLocaleString('en')}</Row>
        {model?.opened ? <Row name="opened">{when(model.opened)}</Row> : null}
        <Row name="hash" actions={<CopyButton text={ref.model} what="hash" />}><span class="mono">{ref.model.slice(0, 16)}…</span></Row>
      </div>
    </>
  );
}

function GraphAttributes({ pane }: InspectorContext) {
  const root = useSignal<NodeInfo | null>(null);
  useSignalEffect(() => {
    const ref = pane.ref.value;
    let gone = false;
    if (ref && pane.graph.value) nodeInfo(ref, pane.root.value).then((info) => { if (!gone) root.value = info; }, () => {});
    return () => { gone = true; };
  });
  const attrs = root.value?.attrs ?? [];
  if (!attrs.length) return <p class="muted">None.</p>;
  return <div role="table" aria-label="Attributes of the graph">{attrs.map((a) => <AttributeRow key={a.key} attr={a} />)}</div>;
}

const MOST = 12;

/** How many ops there are of each kind. */
function Ops({ pane }: InspectorContext) {
  const graph = pane.graph.value!;
  const { rows, example } = useMemo(() => {
    const tally = new Map<number, number>(), first = new Map<number, number>();
    for (const op of graph.ops()) {
      const label = graph.labelNumber(op), n = tally.get(label);
      if (n === undefined) first.set(label, op);
      tally.set(label, (n ?? 0) + 1);
    }
    return { rows: [...tally].sort((a, b) => b[1] - a[1]), example: first };
  }, [graph]);
  const most = rows[0]?.[1] ?? 1;
  return (
    <div class="op-bars">
      {rows.slice(0, MOST).map(([label, n]) => {
        const name = graph.label(example.get(label)!);
        return (
          <button key={label} class="op-bar" title={`Show ${name} in the op table`} onClick={() => openOpTable(name)}>
            <span class="op-bar-fill" style={{ width: `${(100 * n) / most}%` }} />
            <span class="op-bar-name">{name}</span><span class="op-bar-count">{n.toLocaleString('en')}</span>
          </button>
        );
      })}
      {rows.length > MOST && (
        <button class="link" onClick={() => runCommand('panel.ops', { pane, node: null })}>{count(rows.length - MOST, 'more kind')} in the op table</button>
      )}
    </div>
  );
}

inspectorSections.add(
  { id: 'graph', title: 'Graph', order: 10, when: (c) => c.node === null, component: Graph },
  { id: 'graphAttributes', title: 'Attributes of the graph', order: 20, when: (c) => c.node === null, component: GraphAttributes, folded: true },
  { id: 'graphOps', title: 'Ops', order: 30, when: (c) => c.node === null, component: Ops },
);
