// Requests of the analyses in docs/api.md: traces, paths, identical layers, ids.

import { graphQuery, stagePath } from '../app/address';
import type { CallOptions, GraphRef, SearchTerm } from '../app/source';
import { source } from '../app/store';

function get<T>(ref: GraphRef, what: string, query: CallOptions['query'], signal?: AbortSignal): Promise<T> {
  return source().call<T>('GET', `${stagePath(ref)}/${what}`, undefined, { signal, query: { ...query, ...graphQuery(ref) } });
}

export type Direction = 'both' | 'up' | 'down';

/** What feeds a node (up) and what it feeds (down), ascending, without itself. */
export const getTrace = (ref: GraphRef, node: number, direction: Direction, signal?: AbortSignal) =>
  get<{ node: number; up?: number[]; down?: number[] }>(ref, 'trace', { node, direction }, signal);

export interface Paths {
  /** Of a shortest one; null: there is no path. */
  steps: number | null;
  /** Null: more than can be counted, or unknown because of cycles. */
  count: number | null;
  /** All are in `paths`. */
  complete: boolean;
  between: number[];
  paths: number[][];
}
export const getPaths = (ref: GraphRef, from: number, to: number, kind: 'shortest' | 'all', limit: number, signal?: AbortSignal) =>
  get<Paths>(ref, 'paths', { from, to, kind, limit }, signal);

/** Groups of identical layers; of one layer only its group, when `node` is given. */
export const getIdentical = async (ref: GraphRef, node: number | undefined, types: boolean, signal?: AbortSignal) =>
  (await get<{ groups: number[][] }>(ref, 'identical', { node, types: types || undefined }, signal)).groups;

export interface Repeat {
  first: number;
  end: number;
  /** Children in a block. */
  length: number;
  count: number;
}
/** Runs of equal blocks among the children of a layer. */
export const getRepeats = async (ref: GraphRef, node: number, signal?: AbortSignal) =>
  (await get<{ repeats: Repeat[] }>(ref, 'repeats', { node }, signal)).repeats;

/** The nodes that ids of any kind mean; 0: none. The ids are distinct. */
export const bindIds = async (ref: GraphRef, ids: readonly string[], signal?: AbortSignal) =>
  (await source().call<{ nodes: number[] }>('POST', `${stagePath(ref)}/bind`, { ids }, { signal, query: { ...graphQuery(ref) } })).nodes;

/** A search term that may be more than text: a range of an attribute, or what kind of node. */
export type MatchTerm = SearchTerm | { text: string; min?: number; max?: number } | { only: 'nodes' | 'layers' };

/** The numbers of all nodes for which the terms hold. */
export const matchNodes = async (ref: GraphRef, terms: readonly MatchTerm[], signal?: AbortSignal) =>
  (await source().call<{ nodes: number[] }>('POST', `${stagePath(ref)}/search`, { terms, limit: 100_000, form: 'nodes' },
    { signal, query: { ...graphQuery(ref) } })).nodes;
