// Small parts of the inspector: rows of key and value, values that fold, nodes to click on.

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { copy } from '../graph_commands';
import { Icon } from '../icons';
import { shownKeys, toggleKey } from '../show';
import type { Attribute } from '../source';
import type { Pane } from '../store';
import { valueText } from '../values';

/** Longer values are folded. */
const FOLD_CHARS = 160;
const FOLD_LINES = 4;
const SHOWN_CHARS = 100_000;

const URL_PATTERN = /https?:\/\/[^\s"'<>)\]]+/g;

/** Text with its URLs as links. */
function linked(text: string): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const m of text.matchAll(URL_PATTERN)) {
    parts.push(text.slice(at, m.index), <a key={m.index} href={m[0]} target="_blank" rel="noreferrer noopener">{m[0]}</a>);
    at = m.index + m[0].length;
  }
  return parts.length ? [...parts, text.slice(at)] : broken(text);
}

/** Ids and paths may be broken behind their parts, not only where the line is full. */
function broken(text: string): ComponentChildren {
  if (text.length > FOLD_CHARS || !/^\S*[/@]\S*$/.test(text)) return text;
  return parted(text, /(?<=[/@])/);
}

/** Text that may be broken where `at` matches. */
function parted(text: string, at: RegExp): ComponentChildren {
  return text.split(at).flatMap((part, i) => (i ? [<wbr key={i} />, part] : [part]));
}

/** Whether text reads as numbers: shown in columns of equal width. */
function isTensor(text: string): boolean {
  return /^\s*(dense<)?\[*[-+\d.eE,\s[\]<>x]+/.test(text) && text.length > 12 && /[[,]/.test(text);
}

export function Value({ text, match }: { text: string; match?: boolean }) {
  const open = useSignal(false);
  const lines = text.split('\n', FOLD_LINES + 1).length;
  const long = text.length > FOLD_CHARS || lines > FOLD_LINES;
  const shown = long && !open.value ? text.split('\n').slice(0, FOLD_LINES).join('\n').slice(0, FOLD_CHARS) : text.slice(0, SHOWN_CHARS);
  return (
    <span class={`value ${isTensor(text) ? 'mono' : ''} ${match ? 'match' : ''}`}>
      {linked(shown)}{text.length > SHOWN_CHARS && open.value && '…'}
      {long && (
        <button class="fold" aria-expanded={open.value} onClick={() => { open.value = !open.value; }}>
          {open.value ? 'less' : `… ${text.length - shown.length} more`}
        </button>
      )}
    </span>
  );
}

/** A row: what it is, what it says, what one can do with it. */
export function Row(props: { name: ComponentChildren; title?: string; children: ComponentChildren; actions?: ComponentChildren; class?: string }) {
  return (
    <div class={`row-kv ${props.class ?? ''}`} role="row">
      <div class="row-key" role="rowheader" title={props.title}>{typeof props.name === 'string' ? parted(props.name, /(?<=[_.])/) : props.name}</div>
      <div class="row-value" role="cell">{props.children}</div>
      <div class="row-actions">{props.actions}</div>
    </div>
  );
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  return (
    <button class="icon-button small" aria-label={`Copy ${what}`} title={`Copy ${what}`} onClick={() => void copy(text, `${what[0]!.toUpperCase()}${what.slice(1)}`)}>
      <Icon name="copy" size={13} />
    </button>
  );
}

/** A share as a bar. */
function Meter({ text }: { text: string }) {
  const share = Math.min(Math.max(Number(text), 0), 1);
  return (
    <span class="meter" role="meter" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
      <span class="meter-bar"><span style={{ width: `${share * 100}%` }} /></span>{(share * 100).toFixed(1)} %
    </span>
  );
}

interface NamedNode {
  id: string;
  attrs: { key: string; value: string }[];
}

/** The nodes of a value that lists some, as graph JSON has them (model-explorer-protocol, 1.4); null when it does not. */
function nodesOf(value: unknown): NamedNode[] | null {
  const v = value as { type?: unknown; nodeIds?: unknown; nodes?: unknown } | null;
  if (v?.type === 'node_ids' && Array.isArray(v.nodeIds)) return v.nodeIds.map((id) => ({ id: String(id), attrs: [] }));
  if (v?.type !== 'node_with_attrs' || !Array.isArray(v.nodes)) return null;
  return (v.nodes as { id?: unknown; attrs?: unknown }[]).map((n) => ({ id: String(n?.id), attrs: Array.isArray(n?.attrs) ? (n.attrs as NamedNode['attrs']) : [] }));
}

function NodeLinks({ pane, nodes }: { pane: Pane; nodes: readonly NamedNode[] }) {
  const graph = pane.graph.value;
  return (
    <>
      {nodes.map((n, i) => {
        const node = graph?.find(n.id);
        return (
          <div key={i}>
            {node === undefined ? <span class="muted" title="The graph has no such node.">{n.id}</span> : <NodeLink pane={pane} node={node} />}
            {n.attrs.map((a) => <div key={a.key} class="muted">{a.key}: {valueText(a.value)}</div>)}
          </div>
        );
      })}
    </>
  );
}

/** One attribute, with the switch that puts it onto the nodes. */
export function AttributeRow({ attr, name = attr.key, match, editor, pane }: { attr: Attribute; name?: string; match?: boolean; editor?: ComponentChildren; pane?: Pane }) {
  const nodes = pane ? nodesOf(attr.value) : null;
  const text = valueText(attr.value);
  const on = shownKeys.value.includes(attr.key);
  return (
    <Row name={name} title={attr.key} class={match ? 'match' : ''} actions={<>
      <button class={`icon-button small ${on ? 'on' : ''}`} aria-pressed={on} aria-label={`Show ${attr.key} on nodes`} title="Show on nodes"
        onClick={() => toggleKey(attr.key)}><Icon name="eye" size={13} /></button>
      <CopyButton text={text} what={attr.key} />
    </>}>
      {editor ?? (nodes ? <NodeLinks pane={pane!} nodes={nodes} /> : attr.meter && Number.isFinite(Number(text)) ? <Meter text={text} /> : <Value text={text} match={match} />)}
    </Row>
  );
}

/** A node by its label: a click locates it, Alt+click selects it, too. */
export function NodeLink({ pane, node }: { pane: Pane; node: number }) {
  const graph = pane.graph.value;
  if (!graph || node >= graph.n) return null;
  const around = graph.namespace(graph.isLayer(node) ? graph.parent[node]! : node);
  return (
    <span class="node-link">
      <button class="link" title={`${graph.id(node)}\nClick: locate. Alt+click: select.`} onClick={(e) => void pane.locate(node, { select: e.altKey })}>
        {graph.label(node)}
      </button>
      {around && <span class="muted path" title={around}>{around}</span>}
      <button class="icon-button small" aria-label={`Select ${graph.label(node)}`} title="Locate and select" onClick={() => void pane.locate(node, { select: true })}>
        <Icon name="locate" size={13} />
      </button>
    </span>
  );
}
