// The page in a frame of another one: what Model Explorer's frame is told and tells, and its addresses.
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { equal, eventually, ok, ROOT, test } from "./harness.mjs";

const GRAPH = {
  id: "g",
  nodes: [
    { id: "in", label: "input", namespace: "", outputsMetadata: [{ id: "0", attrs: [{ key: "tensor_name", value: "x" }] }] },
    { id: "a", label: "conv", namespace: "block/inner", incomingEdges: [{ sourceNodeId: "in", sourceNodeOutputId: "0", targetNodeInputId: "0" }],
      outputsMetadata: [{ id: "0", attrs: [{ key: "tensor_name", value: "features" }] }] },
    { id: "b", label: "relu", namespace: "block/inner", incomingEdges: [{ sourceNodeId: "a", sourceNodeOutputId: "0", targetNodeInputId: "0" }] },
  ],
};
// A page with a frame that shows an address of the server; gives the frame.
async function held(t, address) {
  if (!t.page) await t.open();
  const body = `<!doctype html><link rel="icon" href="data:,">
    <script>heard = []; addEventListener("message", (e) => heard.push(e.data))</script><iframe src="${t.server.url}/${address}" width="1200" height="780"></iframe>`;
  const host = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end(body));
  await new Promise((done) => host.listen(0, "localhost", done));
  t.page.on("close", () => host.close());
  await t.page.goto(`http://localhost:${host.address().port}/`);
  const frame = await (await t.page.locator("iframe").elementHandle()).contentFrame();
  await frame.waitForFunction(() => globalThis.ttxTest?.ready(), null, { polling: 50 });
  return {
    frame,
    tell: (message) => t.page.evaluate((m) => document.querySelector("iframe").contentWindow.postMessage(m, "*"), message),
    heard: (cmd) => t.page.evaluate((c) => heard.filter((m) => m.cmd === `model-explorer-${c}`), cmd),
    selection: async () => (await frame.evaluate(() => globalThis.ttxTest.graph(0)))?.selection,
  };
}

function file(t, name, content) {
  const path = join(t.server.files, `${t.server.next++}-${name}`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

test("frame: the page around selects nodes, gives node data and graphs, and is told what is selected", async (t) => {
  const model = await t.server.api("POST", "/models", { path: file(t, "graph.json", { label: "made", graphs: [GRAPH] }) });
  const f = await held(t, `?embed=1&model=${model.id}`);
  equal(await f.heard("ready"), [{ cmd: "model-explorer-ready" }]);
  await f.tell({ cmd: "model-explorer-select-node-by-node-id", nodeId: "b" });
  await eventually(f.selection, ["b"], "by its id, out of closed layers");
  await eventually(async () => (await f.heard("node-selected")).at(-1), { cmd: "model-explorer-node-selected", nodeId: "b", outputTensorNames: [] });
  await f.tell({ cmd: "model-explorer-select-node-by-output-tensor-name", tensorName: "features" });
  await eventually(f.selection, ["a"], "by the name of its output");
  await eventually(async () => (await f.heard("node-selected")).at(-1),
    { cmd: "model-explorer-node-selected", nodeId: "a", outputTensorNames: ["features"] });
  await f.tell({ cmd: "model-explorer-select-node-by-node-id", nodeId: "block/inner___group___" });
  await eventually(f.selection, ["layer:block/inner"], "a layer by its name there");
  equal((await f.heard("node-selected")).length, 2, "layers are not told");
  await f.tell({ cmd: "model-explorer-load-node-data-file", path: file(t, "data.json", { name: "times", results: { x: { value: 1, bgColor: "tomato" } } }) });
  await eventually(() => f.frame.evaluate(() => globalThis.ttxTest.style(0, "fill", "in")), "#ff6347ff", "node data by the name of a tensor");
  await f.tell({ cmd: "model-explorer-load-node-data-file", path: "/nowhere/data.json" });
  await f.frame.locator(".notice.error").waitFor();
  await f.tell({ cmd: "model-explorer-select-node-by-node-id", nodeId: "nobody" });
  await f.frame.getByText("No graph that is open has a node nobody.").waitFor();
  equal(await f.heard("mousedown"), []);
  await t.page.mouse.click(600, 400);
  await eventually(async () => (await f.heard("mousedown")).length, 1);
  await f.tell({ cmd: "model-explorer-load-graph-collections", fileName: "given", graphCollections: [{ label: "c", graphs: [{ ...GRAPH, nodes: GRAPH.nodes.slice(0, 1) }] }] });
  await eventually(async () => (await f.frame.evaluate(() => globalThis.ttxTest.graph(0)))?.boxes.map((b) => b.id), ["in"], "the graphs given are shown");
  await f.tell({ cmd: "model-explorer-select-node-by-node-id", nodeId: "in" });
  await eventually(f.selection, ["in"]);
  await f.frame.evaluate(() => globalThis.ttxTest.run("frame.export"));
  await eventually(async () => (await f.heard("export-selected-nodes")).at(-1)?.nodes, ["in"]);
});

test("frame: what nobody around has said is not heeded", async (t) => {
  const model = await t.server.api("POST", "/models", { path: file(t, "graph.json", { label: "made", graphs: [GRAPH] }) });
  const f = await held(t, `?embed=1&model=${model.id}`);
  await f.frame.evaluate(() => { // the frame to itself, and what is no message
    postMessage({ cmd: "model-explorer-select-node-by-node-id", nodeId: "b" }, "*");
    postMessage(null, "*");
  });
  await f.tell("text");
  await f.tell({ cmd: "model-explorer-select-node-by-node-id" });
  await f.tell({ cmd: "model-explorer-select-node-by-node-id", nodeId: "a" });
  await eventually(f.selection, ["a"]);
  await eventually(async () => (await f.heard("node-selected")).map((m) => m.nodeId), ["a"]);
});

test("frame: addresses of Model Explorer open models, node data and the view", async (t) => {
  await t.open();
  const data = {
    models: [{ url: file(t, "graph.json", { label: "made", graphs: [GRAPH] }) }],
    nodeData: [file(t, "data.json", { name: "times", results: { b: { value: 1, bgColor: "#0000ff" } } })],
    uiState: { paneStates: [{ deepestExpandedGroupNodeIds: ["block/inner___group___"], selectedNodeId: "b" }] },
  };
  await t.page.goto(`${t.server.url}/?data=${encodeURIComponent(JSON.stringify(data))}`);
  await t.ready();
  const { expanded, selection } = await t.graph();
  equal([expanded, selection], [["layer:block", "layer:block/inner"], ["b"]]);
  await eventually(() => t.style("fill", "b"), "#0000ffff");
  await eventually(() => new URL(t.page.url()).search.startsWith("?model="), true, "the address becomes one of ours");
  await t.page.goto(`${t.server.url}/?data=${encodeURIComponent("{")}`);
  await t.page.getByText(/The data of the address are not JSON/).waitFor();
  ok(await t.page.getByText("Open a model").count(), "and the start page is there");
});

// A page of its own that shows an element of our script.
async function around(t, body) {
  if (!t.page) await t.open();
  const text = `<!doctype html><link rel="icon" href="data:,"><script src="${t.server.url}/element.js"></script>${body}`;
  const host = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end(text));
  await new Promise((done) => host.listen(0, "localhost", done));
  t.page.on("close", () => host.close());
  await t.page.goto(`http://localhost:${host.address().port}/`);
}
const inside = async (t) => {
  const frame = await (await t.page.locator("iframe").elementHandle()).contentFrame();
  await frame.waitForFunction(() => globalThis.ttxTest?.ready(), null, { polling: 50 });
  return { frame, selection: async () => (await frame.evaluate(() => globalThis.ttxTest.graph(0)))?.selection };
};

test("element: graphs, state, rules and node data go in, events come out, by the names of Model Explorer", async (t) => {
  await around(t, `<div id="place"></div><script>
    heard = [];
    const view = document.createElement("model-explorer-visualizer");
    view.graphCollections = [{ label: "c", graphs: [${JSON.stringify(GRAPH)}, ${JSON.stringify({ ...GRAPH, id: "second" })}] }];
    view.initialUiState = { paneStates: [{ deepestExpandedGroupNodeIds: ["block/inner___group___"], selectedNodeId: "b" }] };
    view.config = { nodeStylerRules: [{ version: "v2", queries: [{ type: "regex", queryRegex: "conv", matchTypes: ["title"] }], styles: { node_bg_color: "#123456" } }] };
    for (const type of ["uiStateChanged", "modelGraphProcessed", "selectedNodeChanged", "hoveredNodeChanged", "doubleClickedNodeChanged", "exportToResource"])
      view.addEventListener(type, (e) => heard.push([type, e.detail]));
    view.style.cssText = "width: 1300px; height: 800px";
    document.getElementById("place").append(view);
  </script>`);
  const heard = (type) => t.page.evaluate((x) => heard.filter(([name]) => name === x).map(([, detail]) => detail), type);
  const call = (run, ...args) => t.page.evaluate(`(${run})(document.querySelector("model-explorer-visualizer"), ...${JSON.stringify(args)})`);
  await eventually(async () => (await heard("modelGraphProcessed")).map((d) => [d.graphId, d.paneIndex]), [["g", 0]], "the graph is there");
  const { frame, selection } = await inside(t);
  equal(await selection(), ["b"], "the state given");
  await eventually(async () => (await heard("uiStateChanged")).at(-1)?.paneStates.map((p) => [p.deepestExpandedGroupNodeIds, p.selectedNodeId, p.selectedGraphId]),
    [[["block/inner___group___"], "b", "g"]], "is the state told");
  await eventually(() => frame.evaluate(() => globalThis.ttxTest.style(0, "fill", "a")), "#123456ff", "the rules of the configuration");
  await call((view) => view.selectNode("a", "g"));
  await eventually(async () => (await heard("selectedNodeChanged")).at(-1)?.nodeId, "a");
  await call((view) => view.addNodeDataProviderData("times", { results: { in: { value: 1, bgColor: "#00ff00" } } }));
  await eventually(() => frame.evaluate(() => globalThis.ttxTest.style(0, "fill", "in")), "#00ff00ff");
  await call((view) => view.addNodeDataProviderData("others", { results: { in: { value: 1, bgColor: "#0000ff" } } }, 0, true));
  await eventually(() => frame.evaluate(() => globalThis.ttxTest.style(0, "fill", "in")), "#0000ffff");
  const box = await frame.evaluate(() => globalThis.ttxTest.box(0, "b"));
  const place = await t.page.locator("iframe").boundingBox();
  await t.page.mouse.move(place.x + box.x + box.w / 2, place.y + box.y + box.h / 2);
  await eventually(async () => (await heard("hoveredNodeChanged")).at(-1)?.nodeId, "b");
  await t.page.mouse.dblclick(place.x + box.x + box.w / 2, place.y + box.y + box.h / 2);
  await eventually(async () => (await heard("doubleClickedNodeChanged")).map((d) => d.nodeId), ["b"]);
  await eventually(selection, ["b"]);
  await frame.evaluate(() => globalThis.ttxTest.run("frame.resource"));
  await eventually(async () => (await heard("exportToResource")).map((d) => [d.name, d.resource.map((g) => [g.id, g.nodes.map((n) => [n.id, n.incomingEdges])])]),
    [["graphs.json_subgraph.json", [["g_subgraph", [["b", []]]]]]], "the sub-graph, without the edge from elsewhere");
  await call((view) => view.selectNode("b", "second", "c"));
  await eventually(async () => (await heard("selectedNodeChanged")).at(-1)?.graphId, "second", "another graph of the file");
  await t.shot("element");
});

test("element: attributes say what it shows", async (t) => {
  await around(t, `<tt-explorer-view bars style="width: 1300px; height: 800px"
    path="${file(t, "graph.json", { label: "made", graphs: [GRAPH] })}"
    node-data="${file(t, "data.json", { name: "times", results: { in: { value: 1, bgColor: "#0000ff" } } })}"></tt-explorer-view>
    <script>heard = []; document.querySelector("tt-explorer-view").addEventListener("titleClicked", () => heard.push(1))</script>`);
  let { frame } = await inside(t);
  await eventually(() => frame.evaluate(() => globalThis.ttxTest.style(0, "fill", "in")), "#0000ffff");
  await frame.locator(".brand").click();
  await eventually(() => t.page.evaluate(() => heard.length), 1);
  const model = await t.server.api("POST", "/models", { path: join(ROOT, "examples/mnist.mlir") });
  await t.page.evaluate((id) => {
    const view = document.querySelector("tt-explorer-view");
    view.removeAttribute("bars");
    view.setAttribute("model", id);
  }, model.id);
  ({ frame } = await inside(t));
  await eventually(async () => (await frame.evaluate(() => globalThis.ttxTest.graph(0)))?.boxes.some((b) => b.id === "layer:fc1"), true);
  equal(await frame.locator(".brand").count(), 0, "without bars");
});

// A reverse proxy that serves the program below a path, as JupyterHub's does; gives the address of the page there.
async function proxied(t) {
  const prefix = "/user/me/proxy/8080", target = new URL(t.server.url);
  const proxy = createServer((asked, answer) => {
    if (!asked.url.startsWith(prefix)) return answer.writeHead(404).end();
    const on = request({ host: target.hostname, port: target.port, path: asked.url.slice(prefix.length) || "/", method: asked.method, headers: asked.headers }, (given) => {
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    });
    on.on("error", () => answer.destroy());
    asked.pipe(on);
    answer.on("close", () => on.destroy());
  });
  await new Promise((done) => proxy.listen(0, "localhost", done));
  t.page.on("close", () => proxy.close());
  return `http://localhost:${proxy.address().port}${prefix}/`;
}

test("proxy: below a path all of the page works, and nothing is asked for elsewhere", async (t) => {
  await t.open();
  const address = await proxied(t);
  t.page.on("request", (r) => ok(r.url().startsWith(address) || /^(blob|data):/.test(r.url()), `asks for ${r.url()}`));
  await t.page.goto(address);
  await t.page.getByLabel(/path/i).first().fill(join(ROOT, "examples/mnist.mlir"));
  await t.page.keyboard.press("Enter");
  await t.until((g) => g?.boxes.length > 5, "the model is drawn");
  await t.clickNode("layer:fc1");
  await t.panel("inspector").getByText("layer:fc1").first().waitFor();
  await t.command("panel.compile");
  await t.panel("compile").getByRole("button", { name: "Compile", exact: true }).click();
  await t.panel("compile").locator('div[role="option"]').filter({ hasText: "ttnn-deallocate" }).waitFor();
  await t.ready();
  await t.page.keyboard.press("t");
  await t.page.locator(".cm-content").getByText("ttnn.").first().waitFor();
  await t.drop("data.json", { name: "one", results: { "layer:fc1": { value: 3, bgColor: "#00ff00" } } });
  await eventually(() => t.style("fill", "layer:fc1"), "#00ff00ff");
  await eventually(() => t.page.url().startsWith(`${address}?model=`), true);
  await t.page.reload();
  await t.ready();
  ok((await t.graph()).boxes.length > 5, "the link leads back");
});
