// <tt-explorer-view>: the explorer inside any page, as a frame of the server that this script comes from. Attributes,
// properties, methods and events are in docs/embedding.md; those of Model Explorer's <model-explorer-visualizer> are the same, and
// so is that name, unless the page has it already. What the frame is told is in features/frame.ts and frame_element.ts.

type Json = Record<string, unknown>;

/** The server: where this script is. */
const HOME = new URL('.', (document.currentScript as HTMLScriptElement).src).href;

/** What the frame tells, and the event it becomes. */
const EVENTS: Record<string, string> = {
  'tt-explorer-title-clicked': 'titleClicked', 'tt-explorer-ui-state-changed': 'uiStateChanged',
  'tt-explorer-model-graph-processed': 'modelGraphProcessed', 'tt-explorer-selected-node-changed': 'selectedNodeChanged',
  'tt-explorer-hovered-node-changed': 'hoveredNodeChanged', 'tt-explorer-double-clicked-node-changed': 'doubleClickedNodeChanged',
  'model-explorer-export-selected-nodes': 'exportSelectedNodes', 'model-explorer-export-to-resource': 'exportToResource',
};

/** What of a configuration our page knows, as the files that it takes. */
function filesOf(config: Json): { name: string; content: string }[] {
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  const files = [...list(config['edgeOverlaysDataListLeftPane']), config['syncNavigationData']].filter((x) => x && typeof x === 'object')
    .map((x, i) => ({ name: `${String((x as Json)['name'] ?? `data ${i + 1}`)}.json`, content: JSON.stringify(x) }));
  const rules = list(config['nodeStylerRules']);
  return rules.length ? [{ name: 'rules.json', content: JSON.stringify(rules) }, ...files] : files;
}

class View extends HTMLElement {
  static readonly observedAttributes = ['server', 'token', 'model', 'path', 'node-data', 'bars'];

  private frame: HTMLIFrameElement | null = null;
  private ready = false;
  /** What is to be said when the frame hears. */
  private queue: Json[] = [];
  private given: unknown = null;
  private wanted: Json = {};
  private first: Json | null = null;
  private begun = false;

  get graphCollections(): unknown { return this.given; }
  set graphCollections(value: unknown) {
    this.given = value;
    if (this.frame) this.showGiven();
  }

  get config(): Json { return this.wanted; }
  set config(value: Json | undefined) {
    this.wanted = value ?? {};
    if (this.frame) this.configure();
  }

  /** As in uiStateChanged. Before the element is put into the page, or before graphCollections. */
  get initialUiState(): Json | null { return this.first; }
  set initialUiState(value: Json | null) { this.first = value; }

  selectNode(nodeId: string, graphId = '', collectionLabel = '', paneIndex?: number): void {
    this.say('tt-explorer-select-node', { nodeId, graphId, collectionLabel, paneIndex });
  }

  addNodeDataProviderData(name: string, data: Json, paneIndex?: number, clearExisting = false): void {
    this.say('tt-explorer-add-node-data', { name, data, paneIndex, clearExisting });
  }

  /** The same for data by the ids of graphs. */
  addNodeDataProviderDataWithGraphIndex(name: string, data: Json, paneIndex?: number, clearExisting = false): void {
    this.addNodeDataProviderData(name, data, paneIndex, clearExisting);
  }

  connectedCallback(): void {
    if (!this.style.display) this.style.display = 'block';
    addEventListener('message', this.hear);
    this.open();
  }

  disconnectedCallback(): void {
    removeEventListener('message', this.hear);
    this.frame?.remove();
    this.frame = null;
  }

  attributeChangedCallback(): void {
    if (this.begun) this.open();
  }

  private get home(): string {
    const server = this.getAttribute('server');
    return server ? new URL(server.endsWith('/') ? server : `${server}/`, document.baseURI).href : HOME;
  }

  private address(): string {
    const url = new URL(this.home), model = this.getAttribute('model');
    const list = (name: string): string[] => (this.getAttribute(name) ?? '').split(',').map((s) => s.trim()).filter(Boolean);
    if (!this.hasAttribute('bars')) url.searchParams.set('embed', '1');
    const token = this.getAttribute('token');
    if (token) url.searchParams.set('token', token);
    if (model) url.searchParams.set('model', model);
    else if (list('path').length)
      url.searchParams.set('data', JSON.stringify({ models: list('path').map((path) => ({ url: path })), nodeData: list('node-data'), uiState: this.first ?? undefined }));
    return url.href;
  }

  /** Shows what the attributes say, from the start. */
  private open(): void {
    const queue = this.begun ? [] : this.queue;
    this.begun = true;
    this.ready = false;
    this.frame?.remove();
    const frame = (this.frame = document.createElement('iframe'));
    frame.title = this.getAttribute('title') ?? 'TT-Explorer';
    frame.allow = 'clipboard-write; fullscreen';
    frame.style.cssText = 'display:block;width:100%;height:100%;border:0';
    this.queue = [];
    this.say('tt-explorer-listen');
    this.showGiven();
    this.configure();
    this.queue.push(...queue);
    frame.src = this.address();
    this.append(frame);
  }

  private showGiven(): void {
    if (this.given) this.say('model-explorer-load-graph-collections', { graphCollections: this.given, uiState: this.first });
  }

  private configure(): void {
    for (const file of filesOf(this.wanted)) this.say('tt-explorer-take', file);
  }

  private say(cmd: string, more: Json = {}): void {
    const message = { cmd, ...more };
    if (this.ready) this.frame?.contentWindow?.postMessage(message, new URL(this.home).origin);
    else this.queue.push(message);
  }

  private readonly hear = (e: MessageEvent<unknown>): void => {
    if (!this.frame || e.source !== this.frame.contentWindow || !e.data || typeof e.data !== 'object') return;
    const { cmd, ...detail } = e.data as Json;
    if (cmd === 'model-explorer-ready') {
      this.ready = true;
      for (const { cmd: what, ...more } of this.queue.splice(0)) this.say(String(what), more);
      return;
    }
    const event = EVENTS[String(cmd)];
    if (event) this.dispatchEvent(new CustomEvent(event, { detail }));
  };
}

customElements.define('tt-explorer-view', View);
if (!customElements.get('model-explorer-visualizer')) customElements.define('model-explorer-visualizer', class extends View {});
