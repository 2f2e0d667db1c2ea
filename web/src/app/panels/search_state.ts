// The search: what is looked for, what was found, in which pane. The panel shows it, the graph outlines it, the inspector
// marks it.

import { batch, computed, effect, signal, untracked } from '@preact/signals';

import * as api from '../api';
import { engineTheme } from '../theme';
import { pattern } from '../show';
import { kept } from '../settings';
import { isCancel, Problem, sameRef, type GraphRef, type Hit, type SearchPlace, type SearchTerm } from '../source';
import { activePane, type Pane } from '../store';

export const PLACES = [
  { id: 'label', title: 'Labels', where: ['label', 'layers', 'id'] },
  { id: 'attrs', title: 'Attributes', where: ['attrs'] },
  { id: 'inputs', title: 'Inputs', where: ['inputs'] },
  { id: 'outputs', title: 'Outputs', where: ['outputs'] },
  { id: 'weights', title: 'Weights', where: ['weights'] },
] as const satisfies readonly { id: string; title: string; where: readonly SearchPlace[] }[];

export const query = signal('');
export const places = kept<string[]>('searchPlaces', PLACES.map((p) => p.id));
export const matchCase = kept('searchCase', false);
/** Only below the selected layer, or the root of the pane. */
export const within = signal<number | null>(null);

export interface Found {
  pane: Pane;
  ref: GraphRef;
  total: number;
  hits: Hit[];
}
export const found = signal<Found | null>(null);
export const searching = signal(false);
export const searchProblem = signal<Problem | null>(null);
/** Which hit next and previous are at; -1: none yet. */
export const current = signal(-1);

/** The most that is listed; the graph has more nodes than anyone reads. */
const LIMIT = 20000;
const TYPING_MS = 120;

/** Words are regular expressions that must all match; "quoted" text is meant as it is; -word must not match. */
export function parseQuery(text: string): SearchTerm[] {
  const terms: SearchTerm[] = [];
  for (const m of text.matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g)) {
    const plain = m[2] !== undefined;
    const word = m[2] ?? m[3] ?? '';
    if (word) terms.push({ text: plain ? word : keyed(word), ...(plain ? { plain } : {}), ...(m[1] ? { not: true } : {}) });
  }
  return terms;
}

/** "key:value" and "key=value" as attributes are written for the search: "key: value". */
function keyed(word: string): string {
  const m = /^([\w./-]+)[:=]([^\s:=].*)$/.exec(word);
  return m ? `(${m[1]}[:=]|${m[1]}: )${m[2]}` : word;
}

/** What searching needs, as one value. */
const request = computed(() => {
  const where = PLACES.filter((p) => places.value.includes(p.id)).flatMap((p) => [...p.where]);
  // All weights are worth listing.
  const words = where.join() === 'weights' && !query.value.trim() ? [{ text: '', plain: true }] : parseQuery(query.value);
  const terms = words.map((t) => ({ ...t, where, ...(matchCase.value ? { case: true } : {}) }));
  return { terms: where.length ? terms : [], within: within.value };
});

let abort: AbortController | null = null;
/** What `found` was found by. */
let foundTerms: readonly SearchTerm[] = [];

/** Searches whenever what is looked for, or the pane, changes. */
effect(() => {
  const { terms, within: layer } = request.value;
  const pane = activePane.value, ref = pane?.ref.value, graph = pane?.graph.value;
  abort?.abort();
  searchProblem.value = null;
  if (!terms.length || !pane || !ref || !graph) {
    searching.value = false;
    found.value = null;
    return;
  }
  const mine = (abort = new AbortController());
  searching.value = true;
  const timer = setTimeout(() => {
    api.search(ref, { terms, limit: LIMIT, ...(layer === null ? {} : { within: layer }) }, { signal: mine.signal }).then(
      (answer) => batch(() => {
        searching.value = false;
        const hits = answer.hits.sort((a, b) => a.node - b.node);
        // The same search of a graph that was told anew stays where it was.
        const before = found.peek()?.hits[current.peek()]?.node, again = sameRef(ref, found.peek()?.ref ?? null) && terms === foundTerms;
        current.value = again ? hits.findIndex((h) => h.node === before) : -1;
        foundTerms = terms;
        const first = goWhenFound;
        goWhenFound = false;
        if (first) queueMicrotask(() => goToHit(current.peek() + 1));
        found.value = { pane, ref, total: answer.total, hits };
      }),
      (thrown) => {
        if (isCancel(thrown)) return;
        searching.value = false;
        found.value = null;
        searchProblem.value = Problem.of(thrown);
      });
  }, untracked(() => found.value) ? TYPING_MS : 0);
  return () => clearTimeout(timer);
});

// The matches are outlined in the graph until the search is cleared.
effect(() => {
  const now = found.value;
  const colour = engineTheme.value.match;
  if (!now || !sameRef(now.pane.ref.peek(), now.ref)) return;
  const at = current.value;
  now.pane.mark('search', {
    highlights: [
      { nodes: now.hits.map((h) => h.node), color: colour, width: 3 },
      ...(at >= 0 && now.hits[at] ? [{ nodes: [now.hits[at].node], color: colour, width: 6 }] : []),
    ],
  });
  return () => now.pane.mark('search', null);
});

/** Somebody wants the first hit of the search that runs. */
let goWhenFound = false;

/** Goes to a hit and selects it; to the first one as soon as it is found while a search runs. */
export function goToHit(index: number): void {
  const now = found.peek();
  if (searching.peek()) {
    goWhenFound = true;
    return;
  }
  if (!now?.hits.length) return;
  const at = (index + now.hits.length) % now.hits.length;
  current.value = at;
  void now.pane.locate(now.hits[at]!.node, { select: true });
}

export function clearSearch(): void {
  query.value = '';
  within.value = null;
}

const patterns = computed(() => request.value.terms.filter((t) => !t.not).map((t) =>
  t.plain ? { test: (s: string) => s.toLowerCase().includes(t.text.toLowerCase()) } : pattern(t.text)));

/** Whether a text of the inspector is among what the search found. */
export function searchMatch(pane: Pane, text: string, place: SearchPlace): boolean {
  const now = found.value;
  if (!now || now.pane !== pane) return false;
  const on = PLACES.some((p) => (p.where as readonly string[]).includes(place) && places.value.includes(p.id));
  return on && patterns.value.some((p) => p?.test(text));
}
