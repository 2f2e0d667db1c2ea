// The node styler: a panel of rules that colour nodes.

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';

import { registerCommands } from '../app/commands';
import { openPanel } from '../app/dock';
import { Icon, type IconName } from '../app/icons';
import { complain, say } from '../app/notify';
import { dropTakers, panels, styleLayers } from '../app/panels';
import { activePane, type Pane } from '../app/store';
import { NodeLink } from '../app/panels/inspector_parts';
import { whole } from '../app/values';
import { chooseFiles, colourNumber, save, textOn } from './common';
import {
  changeRule, copyOf, matchesOf, newRule, readRules, rules, setRules, writeRules, type ListedRule, type MatchType, type Query, type Styles,
} from './styler_rules';
import './features.css';

styleLayers.add({
  id: 'styler', title: 'Node styler', order: 30,
  colours: (pane) => {
    const graph = pane.graph.value, matches = matchesOf.value.get(pane);
    const active = rules.value.filter((r) => r.on && matches?.get(r.key)?.nodes.length);
    if (!graph || !matches || !active.length) return null;
    const paint = (key: keyof Styles): Uint32Array | undefined => {
      if (!active.some((r) => r.styles[key])) return undefined;
      const array = new Uint32Array(graph.n);
      for (const rule of active) {
        const colour = rule.styles[key] ? colourNumber(rule.styles[key]) : 0;
        if (colour) for (const node of matches.get(rule.key)!.nodes) array[node] = colour;
      }
      return array;
    };
    const fill = paint('node_bg_color'), text = paint('node_text_color');
    return { fill, border: paint('node_border_color'), text: fill ? fill.map((colour, i) => text?.[i] || (colour ? textOn(colour) : 0)) : text };
  },
});

/* --- panel -------------------------------------------------------------------------------------------------------- */

const MATCH_TYPES: readonly (readonly [MatchType, string])[] = [['title', 'Label'], ['attrs', 'Attributes'], ['input', 'Inputs'], ['output', 'Outputs']];

function numberField(value: number | undefined, label: string, set: (v: number | undefined) => void) {
  return (
    <input type="number" step="any" value={value ?? ''} placeholder={label} aria-label={label}
      onInput={(e) => { const v = e.currentTarget.valueAsNumber; set(Number.isFinite(v) ? v : undefined); }} />
  );
}

function QueryRow({ query, change, remove }: { query: Query; change: (q: Query) => void; remove: (() => void) | null }) {
  let fields: ComponentChildren;
  if (query.type === 'regex') {
    fields = <>
      <input type="text" class="wide" value={query.queryRegex} placeholder="Regular expression, key:value" aria-label="Regular expression" spellcheck={false}
        onInput={(e) => change({ ...query, queryRegex: e.currentTarget.value })} />
      <div class="toggles wide" role="group" aria-label="Where to look">
        {MATCH_TYPES.map(([id, title]) => {
          const on = query.matchTypes.includes(id);
          return (
            <button key={id} class={`toggle ${on ? 'on' : ''}`} aria-pressed={on}
              onClick={() => change({ ...query, matchTypes: on ? query.matchTypes.filter((t) => t !== id) : [...query.matchTypes, id] })}>{title}</button>
          );
        })}
      </div>
    </>;
  } else if (query.type === 'attr_value_range') {
    fields = <div class="range wide">
      <input type="text" value={query.attrName} placeholder="Attribute" aria-label="Attribute" spellcheck={false}
        onInput={(e) => change({ ...query, attrName: e.currentTarget.value })} />
      {numberField(query.min, 'from', (min) => change({ ...query, min }))}
      {numberField(query.max, 'to', (max) => change({ ...query, max }))}
    </div>;
  } else {
    fields = (
      <select class="wide" value={query.nodeType} aria-label="Kind of node"
        onChange={(e) => change({ ...query, nodeType: e.currentTarget.value as typeof query.nodeType })}>
        <option value="op_nodes">Ops</option><option value="layer_nodes">Layers</option><option value="op_and_layer_nodes">Ops and layers</option>
      </select>
    );
  }
  const kinds: Record<Query['type'], Query> = {
    regex: { type: 'regex', queryRegex: '', matchTypes: ['title'] }, attr_value_range: { type: 'attr_value_range', attrName: '' },
    node_type: { type: 'node_type', nodeType: 'layer_nodes' },
  };
  return (
    <div class="query">
      <select value={query.type} aria-label="Kind of query" onChange={(e) => change(kinds[e.currentTarget.value as Query['type']])}>
        <option value="regex">Text</option><option value="attr_value_range">Range</option><option value="node_type">Kind</option>
      </select>
      {remove ? <button class="icon-button small" title="Remove the query" aria-label="Remove the query" onClick={remove}><Icon name="close" size={12} /></button> : <span />}
      {fields}
    </div>
  );
}

const STYLES: readonly (readonly [keyof Styles, string, string])[] = [
  ['node_bg_color', 'Fill', '#ffd166'], ['node_border_color', 'Border', '#d62828'], ['node_text_color', 'Text', '#1f1f1f'],
];

function StyleFields({ styles, change }: { styles: Styles; change: (s: Styles) => void }) {
  return (
    <div class="style-fields">
      {STYLES.map(([key, title, initial]) => {
        const value = styles[key];
        return (
          <label key={key} class="style-field">
            <input type="checkbox" checked={!!value} aria-label={`Set the colour of the ${title.toLowerCase()}`}
              onChange={(e) => { const next = { ...styles }; if (e.currentTarget.checked) next[key] = initial; else delete next[key]; change(next); }} />
            {title}
            <input type="color" value={value ? `#${(colourNumber(value) >>> 8).toString(16).padStart(6, '0')}` : '#888888'} disabled={!value}
              aria-label={`Colour of the ${title.toLowerCase()}`} onInput={(e) => change({ ...styles, [key]: e.currentTarget.value })} />
          </label>
        );
      })}
    </div>
  );
}

const LISTED = 50;

function MatchList({ pane, nodes }: { pane: Pane; nodes: readonly number[] }) {
  return (
    <ul class="plain matches">
      {nodes.slice(0, LISTED).map((n) => <li key={n}><NodeLink pane={pane} node={n} /></li>)}
      {nodes.length > LISTED && <li class="muted">and {whole(nodes.length - LISTED)} more</li>}
    </ul>
  );
}

function RuleCard({ rule, index, count }: { rule: ListedRule; index: number; count: number }) {
  const open = useSignal(false);
  const pane = activePane.value, matches = pane ? matchesOf.value.get(pane)?.get(rule.key) : undefined;
  const change = (more: Partial<ListedRule>) => changeRule({ ...rule, ...more });
  const move = (by: number) => {
    const next = rules.peek().filter((r) => r.key !== rule.key);
    next.splice(index + by, 0, rule);
    setRules(next);
  };
  const button = (icon: IconName, title: string, run: () => void, off = false) => (
    <button class="icon-button small" title={title} aria-label={`${title}, rule ${index + 1}`} disabled={off} onClick={run}><Icon name={icon} size={13} /></button>
  );
  return (
    <section class={`card rule ${rule.on ? '' : 'off'}`} aria-label={`Rule ${index + 1}`}>
      <header>
        <input type="checkbox" checked={rule.on} aria-label={`Use rule ${index + 1}`} onChange={(e) => change({ on: e.currentTarget.checked })} />
        <span class="swatch" style={{ background: rule.styles.node_bg_color ?? 'transparent', borderColor: rule.styles.node_border_color }} />
        <button class="link grow clip" aria-expanded={open.value} disabled={!matches?.nodes.length} onClick={() => { open.value = !open.value; }}>
          {!matches ? '…' : matches.problem ? <span class="error-text" title={matches.problem}>{matches.problem}</span>
            : `${whole(matches.nodes.length)} ${matches.nodes.length === 1 ? 'node' : 'nodes'}`}
        </button>
        {button('check', 'Select all matches', () => pane?.select(matches?.nodes ?? []), !matches?.nodes.length)}
        {button('up', 'Move up', () => move(-1), index === 0)}
        {button('down', 'Move down', () => move(1), index === count - 1)}
        {button('copy', 'Duplicate', () => { const next = [...rules.peek()]; next.splice(index + 1, 0, copyOf(rule)); setRules(next); })}
        {button('trash', 'Delete', () => setRules(rules.peek().filter((r) => r.key !== rule.key)))}
      </header>
      {open.value && pane && matches && <MatchList pane={pane} nodes={matches.nodes} />}
      {rule.queries.map((query, i) => (
        <QueryRow key={i} query={query} change={(q) => change({ queries: rule.queries.map((old, k) => (k === i ? q : old)) })}
          remove={rule.queries.length > 1 ? () => change({ queries: rule.queries.filter((_, k) => k !== i) }) : null} />
      ))}
      <button class="link" onClick={() => change({ queries: [...rule.queries, { type: 'regex', queryRegex: '', matchTypes: ['title'] }] })}>and…</button>
      <StyleFields styles={rule.styles} change={(styles) => change({ styles })} />
    </section>
  );
}

async function upload(files: readonly File[]): Promise<void> {
  for (const file of files) {
    try {
      const more = readRules(await file.text());
      setRules([...rules.peek(), ...more]);
      say(`${more.length === 1 ? 'One rule was' : `${more.length} rules were`} added.`);
    } catch (thrown) {
      complain(thrown);
    }
  }
}

function Styler() {
  const all = rules.value;
  return (
    <div class="panel styler">
      <div class="panel-bar">
        <button onClick={() => setRules([...rules.peek(), newRule()])}><Icon name="plus" size={13} /> Rule</button>
        <span class="grow" />
        <button class="icon-button small" title="Download the rules" aria-label="Download the rules" disabled={!all.length}
          onClick={() => save('node_styler_rules.json', writeRules(rules.peek()))}><Icon name="download" size={14} /></button>
        <button class="icon-button small" title="Add rules from a file" aria-label="Add rules from a file"
          onClick={async () => upload(await chooseFiles('.json,application/json'))}><Icon name="upload" size={14} /></button>
      </div>
      <div class="scroll grow">
        {all.length === 0 && <p class="muted empty">Rules colour all nodes that match. Later rules cover earlier ones.</p>}
        {all.map((rule, i) => <RuleCard key={rule.key} rule={rule} index={i} count={all.length} />)}
      </div>
    </div>
  );
}

panels.add({ id: 'styler', title: 'Node styler', icon: 'palette', side: 'right', size: 320, order: 30, help: 'Rules that colour nodes.', component: Styler });

dropTakers.add({
  id: 'styler', order: 51, accepts: (file, head) => /\.json$/i.test(file.name) && /"queries"\s*:/.test(head) && /"(version|styles)"\s*:/.test(head),
  take: async (file) => {
    await upload([file]);
    openPanel('styler');
  },
});

registerCommands({
  id: 'styler.add', title: 'Add a rule of the node styler', group: 'Node styler', icon: 'palette',
  run: () => {
    setRules([...rules.peek(), newRule()]);
    openPanel('styler');
  },
});
