// Rules that colour nodes: what they are (the form of Model Explorer's files), reading and writing them, and which nodes
// they match.

import { signal } from '@preact/signals';

import { parseQuery } from '../app/panels/search_state';
import { storage } from '../app/storage';
import { Problem, type SearchPlace } from '../app/source';
import type { Pane } from '../app/store';
import { matchNodes, type MatchTerm } from './analyses';
import { eachPane, following } from './common';

export type MatchType = 'title' | 'attrs' | 'input' | 'output';
export type NodeType = 'op_nodes' | 'layer_nodes' | 'op_and_layer_nodes';

export type Query =
  | { type: 'regex'; queryRegex: string; matchTypes: MatchType[] }
  | { type: 'attr_value_range'; attrName: string; min?: number; max?: number }
  | { type: 'node_type'; nodeType: NodeType };

export interface Styles {
  node_bg_color?: string;
  node_border_color?: string;
  node_text_color?: string;
}

export interface Rule {
  version: 'v2';
  queries: Query[];
  styles: Styles;
}

/** A rule of the list, with what the file's form has no room for. */
export interface ListedRule extends Rule {
  key: number;
  on: boolean;
}

const PLACES: Record<MatchType, SearchPlace> = { title: 'label', attrs: 'attrs', input: 'inputs', output: 'outputs' };

let nextKey = 1;

function list(rule: Rule, on = true): ListedRule {
  return { ...rule, key: nextKey++, on };
}

export function newRule(): ListedRule {
  return list({ version: 'v2', queries: [{ type: 'regex', queryRegex: '', matchTypes: ['title'] }], styles: { node_bg_color: '#ffd166' } });
}

export function copyOf(rule: ListedRule): ListedRule {
  return list(structuredClone({ version: rule.version, queries: rule.queries, styles: rule.styles }), rule.on);
}

/* ---- reading and writing ----------------------------------------------------------------------------------------- */

function isObject(x: unknown): x is Record<string, unknown> {
  return !!x && typeof x === 'object' && !Array.isArray(x);
}

const STYLE_KEYS = ['node_bg_color', 'node_border_color', 'node_text_color'] as const;

/** Colours come as text, or as {"value": text} from some versions of Model Explorer. */
function readStyles(raw: unknown): Styles {
  const styles: Styles = {};
  if (!isObject(raw)) return styles;
  for (const key of STYLE_KEYS) {
    const value = isObject(raw[key]) ? raw[key]['value'] : raw[key];
    if (typeof value === 'string' && value) styles[key] = value;
  }
  return styles;
}

function optionalNumber(raw: unknown): number | undefined {
  return typeof raw === 'number' && Number.isFinite(raw) ? raw : undefined;
}

function readQuery(raw: unknown, where: string): Query {
  if (!isObject(raw)) throw new Problem(`${where} is no object.`, 'unreadable');
  switch (raw['type']) {
    case 'regex': {
      const types = Array.isArray(raw['matchTypes']) ? raw['matchTypes'].map((t) => (t === 'list' || t === 'attr' ? 'attrs' : t)) : ['title'];
      return { type: 'regex', queryRegex: String(raw['queryRegex'] ?? ''), matchTypes: types.filter((t): t is MatchType => t in PLACES) };
    }
    case 'attr_value_range':
      return { type: 'attr_value_range', attrName: String(raw['attrName'] ?? ''), min: optionalNumber(raw['min']), max: optionalNumber(raw['max']) };
    case 'node_type': {
      const type = raw['nodeType'];
      if (type === 'op_nodes' || type === 'layer_nodes' || type === 'op_and_layer_nodes') return { type: 'node_type', nodeType: type };
      throw new Problem(`${where}: there is no node type ${String(type)}.`, 'unreadable');
    }
    default:
      throw new Problem(`${where}: there is no query of type ${String(raw['type'])}.`, 'unreadable', { hint: 'regex, attr_value_range or node_type' });
  }
}

/** The rules of a file's text: a list of rules, or one. */
export function readRules(text: string): ListedRule[] {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (thrown) {
    throw new Problem(`The rules are not JSON: ${(thrown as Error).message}`, 'unreadable');
  }
  const rules = Array.isArray(raw) ? raw : isObject(raw) && Array.isArray(raw['rules']) ? raw['rules'] : [raw];
  return rules.map((rule: unknown, i) => {
    if (!isObject(rule) || !Array.isArray(rule['queries'])) throw new Problem(`Rule ${i + 1} has no list of queries.`, 'unreadable');
    return list({
      version: 'v2', styles: readStyles(rule['styles']),
      queries: rule['queries'].map((q, k) => readQuery(q, `Query ${k + 1} of rule ${i + 1}`)),
    }, rule['on'] !== false);
  });
}

/** The text of a file with these rules. */
export function writeRules(of: readonly ListedRule[]): string {
  return JSON.stringify(of.map(({ version, queries, styles }) => ({ version, queries, styles })), null, 2);
}

function load(): ListedRule[] {
  const before = storage.get('styler');
  try {
    return before === undefined ? [] : readRules(JSON.stringify(before));
  } catch {
    return []; // of another version
  }
}

/** The rules, later ones over earlier ones. */
export const rules = signal<readonly ListedRule[]>(load());

export function setRules(next: readonly ListedRule[]): void {
  rules.value = next;
  storage.set('styler', next.map(({ version, queries, styles, on }) => ({ version, queries, styles, on })));
}

export function changeRule(rule: ListedRule): void {
  setRules(rules.peek().map((r) => (r.key === rule.key ? rule : r)));
}

/* ---- matching ---------------------------------------------------------------------------------------------------- */

/** The terms of a search that finds what a rule means; null when it says nothing yet. */
export function termsOf(rule: Rule): MatchTerm[] | null {
  const terms: MatchTerm[] = [];
  let kind: NodeType = 'op_nodes';
  for (const q of rule.queries) {
    if (q.type === 'regex') {
      if (!q.queryRegex) continue;
      const where = q.matchTypes.map((t) => PLACES[t]);
      terms.push(...parseQuery(q.queryRegex).map((term) => ({ ...term, where })));
    } else if (q.type === 'attr_value_range') {
      if (q.attrName && (q.min !== undefined || q.max !== undefined)) terms.push({ text: q.attrName, min: q.min, max: q.max });
    } else {
      kind = q.nodeType;
      terms.push(kind === 'layer_nodes' ? { only: 'layers' } : kind === 'op_nodes' ? { only: 'nodes' } : { text: '', where: ['label', 'layers'] });
    }
  }
  if (!terms.length || terms.some((t) => 'where' in t && t.where?.length === 0)) return null;
  return terms;
}

/** What a rule matches in a pane, or why it cannot be said. */
export interface Matches {
  nodes: readonly number[];
  problem: string | null;
}
export const matchesOf = signal<ReadonlyMap<Pane, ReadonlyMap<number, Matches>>>(new Map());

const PAUSE_MS = 150;

eachPane((pane) => {
  const known = new Map<string, Matches>();
  let knownFor: unknown = null;
  const set = (found: ReadonlyMap<number, Matches> | null) => {
    const next = new Map(matchesOf.peek());
    next.delete(pane);
    if (found) next.set(pane, found);
    matchesOf.value = next;
  };
  const stop = following(
    () => {
      const ref = pane.ref.value, graph = pane.graph.value;
      return ref && graph && rules.value.length ? { ref, graph, rules: rules.value } : null;
    },
    async ({ ref, graph, rules: all }, abort) => {
      if (knownFor !== graph) {
        known.clear();
        knownFor = graph;
      }
      const missing = all.some((r) => !known.has(JSON.stringify(termsOf(r))));
      if (missing) await new Promise((done) => setTimeout(done, PAUSE_MS)); // while somebody types
      const found = new Map<number, Matches>();
      for (const rule of all) {
        if (abort.aborted) return;
        const terms = termsOf(rule), key = JSON.stringify(terms);
        let matches = known.get(key);
        if (!matches) {
          try {
            matches = { nodes: terms ? await matchNodes(ref, terms, abort) : [], problem: null };
          } catch (thrown) {
            if (abort.aborted) return;
            matches = { nodes: [], problem: Problem.of(thrown).message };
          }
          known.set(key, matches);
        }
        found.set(rule.key, matches);
      }
      if (!abort.aborted && pane.graph.peek() === graph) set(found);
    },
    () => set(null),
  );
  return () => {
    stop();
    set(null);
  };
});
