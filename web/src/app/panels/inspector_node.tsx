// The inspector's sections about a node or layer.

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { Icon } from '../icons';
import { inspectorSections, resultActions, type InspectorContext } from '../panels';
import { searchMatch } from './search_state';
import type { Attribute, NodeInput, NodeOutput } from '../source';
import type { Pane } from '../store';
import { pattern } from '../show';
import { constantElements, kept } from '../settings';
import { count, valueText, whole } from '../values';
import { AttributeRow, CopyButton, NodeLink, Row, Value } from './inspector_parts';

const KINDS: Record<string, string> = { layer: 'Layer', op: 'Op', argument: 'Argument', constant: 'Constant', return: 'Return' };

function About({ pane, node, info }: InspectorContext) {
  const graph = pane.graph.value!;
  if (!info || node === null) return null;
  const around = graph.layersAround(Math.min(info.node, graph.n - 1));
  const category = graph.isLayer(info.node) ? null : info.op;
  return (
    <>
      <h2 class="node-name">{info.label || graph.name}<span class="chip">{KINDS[info.kind] ?? info.kind}</span></h2>
      {info.help && <p class="op-help">{info.help}</p>}
      <div role="table" aria-label="Node">
        {category && category !== info.label && <Row name="op">{category}</Row>}
        <Row name="id" actions={<CopyButton text={info.id} what="id" />}><Value text={info.id} match={searchMatch(pane, info.id, 'id')} /></Row>
        <Row name="layer">
          {around.length === 0 ? <span class="muted">outermost</span> : (
            <span class="hierarchy">
              {around.map((layer, i) => (
                <span key={layer}>{i > 0 && <span class="muted">/</span>}
                  <button class="link" title="Click: locate. Alt+click: select." onClick={(e) => void pane.locate(layer, { select: e.altKey })}>{graph.label(layer)}</button>
                </span>
              ))}
            </span>
          )}
        </Row>
        {graph.order[node]! > 0 && <Row name="order"><span>#{whole(graph.order[node]!)} in the program</span></Row>}
        {info.children !== undefined && (
          <Row name="holds"><span>{count(info.children, 'child', 'children')}, {count(info.descendants ?? 0, 'node')} in all</span></Row>
        )}
        {(info.calls ?? []).map((layer) => <Row key={layer} name="calls"><NodeLink pane={pane} node={layer} /></Row>)}
      </div>
    </>
  );
}

/** Attributes by the parts of their keys between slashes. */
interface Tree {
  name: string;
  attr: Attribute | null;
  below: Tree[];
}
function treeOf(attrs: readonly Attribute[]): Tree[] {
  const root: Tree = { name: '', attr: null, below: [] };
  for (const attr of attrs) {
    let at = root;
    for (const name of attr.key.split('/')) {
      let next = at.below.find((t) => t.name === name);
      if (!next) at.below.push((next = { name, attr: null, below: [] }));
      at = next;
    }
    at.attr = attr;
  }
  return root.below;
}

const attrsFilter = kept('inspectorFilter', '');
/** Beyond so many a filter is offered. */
const MANY = 6;

function Attributes({ pane, info }: InspectorContext) {
  if (!info) return null;
  const filter = pattern(attrsFilter.value);
  const all = info.attrs.filter((a) => !isTensorValue(a));
  const attrs = filter ? all.filter((a) => filter.test(a.key) || filter.test(valueText(a.value))) : all;
  return (
    <>
      {(all.length > MANY || attrsFilter.value) && (
        <div class="field slim">
          <Icon name="filter" size={13} />
          <input type="search" placeholder={`Filter ${all.length} attributes`} aria-label="Filter attributes" value={attrsFilter.value}
            onInput={(e) => { attrsFilter.value = e.currentTarget.value; }} />
        </div>
      )}
      <div role="table" aria-label="Attributes">
        {attrs.length === 0 && <p class="empty">No attribute matches.</p>}
        <AttributeTree pane={pane} trees={treeOf(attrs)} depth={0} />
      </div>
    </>
  );
}

/** Nested only as deep as the keys of attributes have slashes, and keys of more parts stay whole. */
const DEEPEST = 12;

function AttributeTree({ pane, trees, depth }: { pane: Pane; trees: readonly Tree[]; depth: number }) {
  return (
    <>
      {trees.map((t) => (
        <div key={t.name}>
          {t.attr && <AttributeRow pane={pane} attr={t.attr} name={t.name} match={searchMatch(pane, `${t.attr.key}:${valueText(t.attr.value)}`, 'attrs')} />}
          {t.below.length > 0 && depth < DEEPEST && <Branch pane={pane} tree={t} depth={depth} />}
        </div>
      ))}
    </>
  );
}

function Branch({ pane, tree, depth }: { pane: Pane; tree: Tree; depth: number }) {
  const open = useSignal(true);
  return (
    <div class="attr-branch">
      <button class="attr-branch-head" aria-expanded={open.value} onClick={() => { open.value = !open.value; }}>
        <Icon name={open.value ? 'down' : 'right'} size={11} />{tree.name}/
      </button>
      {open.value && <div class="attr-branch-body"><AttributeTree pane={pane} trees={tree.below} depth={depth + 1} /></div>}
    </div>
  );
}

/** Values of constants, which have a section of their own. */
function isTensorValue(a: Attribute): boolean {
  return a.key === 'value' && /^\s*dense/.test(valueText(a.value));
}

function Constant({ info }: InspectorContext) {
  const attr = info?.attrs.find(isTensorValue);
  if (!attr) return null;
  const text = valueText(attr.value);
  const inner = /^\s*dense(?:_resource)?<([\s\S]*)>\s*(?::\s*(.*))?$/.exec(text);
  const body = inner ? inner[1]! : text;
  // Elements are cut off at the number of the settings; brackets stay as they are.
  let elements = 0, end = body.length;
  for (let i = 0; i < body.length; i++) {
    if (body[i] === ',' && ++elements >= constantElements.value) {
      end = i;
      break;
    }
  }
  return (
    <>
      {inner?.[2] && <div class="muted mono">{inner[2]}</div>}
      <pre class="tensor">{body.slice(0, end).replace(/\],\s*\[/g, '],\n[')}{end < body.length && ', …'}</pre>
      {end < body.length && <p class="muted">The first {constantElements.value} elements; the number is in the settings.</p>}
    </>
  );
}

/** The value of a shape or type among metadata. */
function typeOf(attrs: readonly Attribute[]): string {
  const of = (key: string) => attrs.find((a) => a.key === key)?.value;
  return valueText(of('shape') ?? of('tensor_shape') ?? of('type') ?? '');
}

function Inputs({ pane, info }: InspectorContext) {
  return <>{(info?.inputs ?? []).map((input) => <Input key={input.index} pane={pane} input={input} />)}</>;
}

function Input({ pane, input }: { pane: Pane; input: NodeInput }) {
  return (
    <Port pane={pane} id={`in ${input.index}`} name={input.name || `operand ${input.index}`} type={typeOf(input.attrs)} attrs={input.attrs} side="inputs">
      <NodeLink pane={pane} node={input.node} />
    </Port>
  );
}

function Outputs({ pane, info }: InspectorContext) {
  return <>{(info?.outputs ?? []).map((output) => <Output key={output.index} pane={pane} node={info!.node} output={output} />)}</>;
}

const READERS = 8;

function Output({ pane, node, output }: { pane: Pane; node: number; output: NodeOutput }) {
  const all = useSignal(false);
  const readers = all.value ? output.readers : output.readers.slice(0, READERS);
  return (
    <Port pane={pane} id={`out ${output.index}`} name={output.name || `result ${output.index}`} type={typeOf(output.attrs)} attrs={output.attrs} side="outputs">
      {resultActions.all().map(({ id, component: Action }) => <Action key={id} pane={pane} node={node} out={output.index} />)}
      {output.readers.length === 0 && <span class="muted">nobody reads it</span>}
      {readers.map((r, i) => <NodeLink key={i} pane={pane} node={r.node} />)}
      {readers.length < output.readers.length && (
        <button class="link" onClick={() => { all.value = true; }}>{output.readers.length - readers.length} more</button>
      )}
    </Port>
  );
}

/** Switches the highlight of one input or output off and on; with Alt, of all the others. */
function togglePort(pane: Pane, id: string, alone: boolean): void {
  const graph = pane.graph.peek(), node = pane.selected.peek();
  if (!graph || node === null) return;
  const now = pane.hiddenPorts.peek();
  if (!alone) {
    const next = new Set(now);
    if (!next.delete(id)) next.add(id);
    pane.hiddenPorts.value = next;
    return;
  }
  const all = new Set<string>();
  for (let e = graph.inStart[node]!; e < graph.inStart[node + 1]!; e++) all.add(`in ${graph.edgeIn[e]}`);
  for (let k = graph.out.start[node]!; k < graph.out.start[node + 1]!; k++) all.add(`out ${graph.edgeOut[graph.out.edges[k]!]}`);
  all.delete(id);
  // The same again brings all back.
  pane.hiddenPorts.value = now.size === all.size && !now.has(id) ? new Set() : all;
}

function Port(props: { pane: Pane; id: string; name: string; type: string; attrs: readonly Attribute[]; side: 'inputs' | 'outputs'; children: ComponentChildren }) {
  const open = useSignal(false);
  const shown = !props.pane.hiddenPorts.value.has(props.id);
  return (
    <div class="port">
      <button class={`icon-button small port-eye ${shown ? '' : 'off'}`} aria-pressed={shown} aria-label={`Highlight ${props.name}`}
        title={'Highlight it in the graph\nAlt: only this one'} onClick={(e) => togglePort(props.pane, props.id, e.altKey)}>
        <Icon name={shown ? 'eye' : 'eyeOff'} size={13} />
      </button>
      <button class="port-head" aria-expanded={open.value} onClick={() => { open.value = !open.value; }}>
        <Icon name={open.value ? 'down' : 'right'} size={11} />
        <span class="port-name">{props.name}</span>
        <span class={`port-type mono ${searchMatch(props.pane, props.type, props.side) ? 'match' : ''}`}>{props.type}</span>
      </button>
      <div class="port-nodes">{props.children}</div>
      {open.value && (
        <div role="table" aria-label={`Metadata of ${props.name}`} class="port-attrs">
          {props.attrs.map((a) => <AttributeRow key={a.key} pane={props.pane} attr={a} match={searchMatch(props.pane, `${a.key}:${valueText(a.value)}`, props.side)} />)}
        </div>
      )}
    </div>
  );
}

inspectorSections.add(
  { id: 'node', title: 'Node', order: 10, when: (c) => c.node !== null, component: About },
  { id: 'attributes', title: 'Attributes', order: 20, when: (c) => !!c.info?.attrs.some((a) => !isTensorValue(a)), component: Attributes },
  { id: 'constant', title: 'Values', order: 30, when: (c) => !!c.info?.attrs.some(isTensorValue), component: Constant },
  { id: 'inputs', title: 'Inputs', order: 40, when: (c) => !!c.info?.inputs?.length, component: Inputs },
  { id: 'outputs', title: 'Outputs', order: 50, when: (c) => !!c.info?.outputs?.length, component: Outputs },
);
