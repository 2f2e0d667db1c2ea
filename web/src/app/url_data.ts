// Addresses of Model Explorer: ?data={"models":[{"url"}],"nodeData":[path],"uiState":{"paneStates":[...]}}
// (model-explorer-protocol, "Page URL"): what its users have kept as links, and what scripts that start it open.

import type { ViewState } from '../engine/types';
import { Problem } from './source';

export interface PaneState {
  deepestExpandedGroupNodeIds?: unknown;
  selectedNodeId?: unknown;
  flattenLayers?: unknown;
}

export interface UrlData {
  models: { url: string; state: ViewState | undefined }[];
  nodeData: string[];
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string') : []);

/** Our ids of its layer and of the layers around it: "a/b___group___" is layer:a/b inside layer:a. */
function layersOf(id: string): string[] {
  const parts = id.replace(/___group___$/, '').split('/');
  return parts.map((_, i) => `layer:${parts.slice(0, i + 1).join('/')}`);
}

/** How a pane is to look. */
export function stateOf(pane: PaneState | undefined): ViewState | undefined {
  if (!pane) return undefined;
  const expanded = [...new Set(strings(pane.deepestExpandedGroupNodeIds).flatMap(layersOf))];
  const node = typeof pane.selectedNodeId === 'string' && pane.selectedNodeId ? pane.selectedNodeId : null;
  return {
    ...(expanded.length ? { expanded } : {}), ...(pane.flattenLayers === true ? { flatten: true } : {}),
    ...(node ? { selection: [node.endsWith('___group___') ? layersOf(node).at(-1)! : node] } : {}),
  };
}

/** What ?data= asks for; null when there is none. Throws Problem. */
export function readUrlData(search: string): UrlData | null {
  const text = new URLSearchParams(search).get('data');
  if (text === null) return null;
  let data: { models?: unknown; nodeData?: unknown; uiState?: { paneStates?: unknown } | null };
  try {
    data = JSON.parse(text) as typeof data;
  } catch (thrown) {
    throw new Problem(`The data of the address are not JSON: ${(thrown as Error).message}`, 'unreadable');
  }
  const states = Array.isArray(data.uiState?.paneStates) ? (data.uiState.paneStates as PaneState[]) : [];
  const models = (Array.isArray(data.models) ? (data.models as { url?: unknown }[]) : []).map((m) => m?.url).filter((u) => typeof u === 'string');
  return { models: models.map((url, i) => ({ url, state: stateOf(states[i]) })), nodeData: strings(data.nodeData) };
}
