// Tensors that an execution kept, and where accuracy falls.
import { equal, eventually, ok, test } from "./harness.mjs";

const T = "tensor<64x64xbf16>";
const chain = (...ops) => `module {\n  func.func @main(%arg0: ${T}, %arg1: ${T}) -> ${T} {\n${ops.map(([name, ...of], i) =>
  `    %${i} = "ttir.${name}"(${of.map((o) => `%${o}`).join(", ")}) : (${of.map(() => T).join(", ")}) -> ${T}\n`).join("")}    return %${ops.length - 1} : ${T}\n  }\n}\n`;
// In bf16 (a + b) - a keeps of b what the sum had room for; taking b away as well leaves nothing but the error.
const CANCELS = chain(["matmul", "arg0", "arg1"], ["multiply", 0, 0], ["add", 1, 0], ["subtract", 2, 1], ["subtract", 3, 0], ["exp", 4]);
const SLICES = `module {
  func.func @main(%arg0: tensor<2x3x40x50xf32>) -> tensor<2x3x40x50xf32> {
    %0 = "ttir.abs"(%arg0) : (tensor<2x3x40x50xf32>) -> tensor<2x3x40x50xf32>
    %1 = "ttir.log"(%0) : (tensor<2x3x40x50xf32>) -> tensor<2x3x40x50xf32>
    return %1 : tensor<2x3x40x50xf32>
  }
}
`;

async function executed(t, text, { keep = true, mb = 1024 } = {}) {
  await t.openText("m.mlir", text);
  await t.command("graph.expandAll");
  await t.page.keyboard.press("x");
  const panel = t.panel("execute");
  await panel.getByLabel("accuracy").check();
  await panel.getByLabel("tensors", { exact: true }).setChecked(keep);
  if (keep) await panel.getByLabel("Megabytes of kept tensors").fill(String(mb));
  await panel.getByRole("button", { name: "Execute", exact: true }).click();
  await panel.locator(".node-table [role=option]").first().waitFor();
  await eventually(() => panel.locator(".growing").count(), 0, "accuracy and tensors are there, too");
  await t.ready();
  return panel;
}
const CUT = (direction, from, to) => `"ttir.mesh_shard"(${from}) <{shard_dims = array<i64: -1, 0>, shard_direction = #ttcore.shard_direction<${direction}>, shard_shape = array<i64: 2, 1>, shard_type = #ttcore.shard_type<devices>}> : ${to}`;
// Squares of powers of two are exact in bf16; those of the second device's numbers are not.
const TWO_DEVICES = `module attributes {ttcore.meshes = #ttcore.meshes<[<"mesh" = 1x2>]>} {
  func.func @main(%a: tensor<2x4xbf16>) -> tensor<2x4xbf16> {
    %c = "ttir.constant"() <{value = dense<[[2.0, 4.0, 1.0, 8.0], [1.0078125, 1.0234375, 1.0390625, 1.0546875]]> : tensor<2x4xbf16>}> : () -> tensor<2x4xbf16>
    %s = ${CUT("full_to_shard", "%c", "(tensor<2x4xbf16>) -> tensor<1x4xbf16>")}
    %m = "ttir.multiply"(%s, %s) : (tensor<1x4xbf16>, tensor<1x4xbf16>) -> tensor<1x4xbf16>
    %r = ${CUT("shard_to_full", "%m", "(tensor<1x4xbf16>) -> tensor<2x4xbf16>")}
    return %r : tensor<2x4xbf16>
  }
}
`;

test("tensor: of several devices the one that agrees least is named", async (t) => {
  const panel = await executed(t, TWO_DEVICES, { keep: false });
  const pcc = panel.getByTitle("The lowest of all devices, on device 1 of 2");
  equal(await pcc.count(), 1, "the product, not what is cut from the constant: ");
  ok(Number(await pcc.textContent()) < 1, "its own");
  await panel.getByText(/lowest PCC 0\.\d+ on device 1 of 2/).waitFor();
});

const idOf = async (t, op) => (await t.graph()).boxes.find((b) => b.label.includes(op)).id;

// Shape and values of a .npy of f32.
function npy(bytes) {
  const length = bytes.readUInt16LE(8), header = bytes.subarray(10, 10 + length).toString();
  ok(header.includes("'<f4'"), header);
  const body = bytes.subarray(10 + length);
  return { shape: /\(([^)]*)\)/.exec(header)[1], values: Array.from({ length: body.length / 4 }, (_, i) => body.readFloatLE(4 * i)) };
}

test("tensor: values of a slice, statistics, histogram and the file of a node", async (t) => {
  await executed(t, SLICES);
  await t.clickNode(await idOf(t, "abs"));
  await t.page.getByRole("button", { name: "Values of result 0" }).click();
  const panel = t.panel("tensor"), grid = panel.getByRole("grid");
  const file = npy((await t.download(() => panel.getByRole("link", { name: ".npy" }).click())).bytes);
  equal(file.shape, "2, 3, 40, 50");
  const told = Object.fromEntries(await panel.locator(".statistics > div").evaluateAll((all) => all.map((d) => Array.from(d.children, (c) => c.textContent))));
  const near = (text, value) => ok(Math.abs(Number(text.replaceAll(",", "")) - value) <= 1e-3 * Math.abs(value), `${text} for ${value}`);
  near(told.max, Math.max(...file.values));
  near(told.mean, file.values.reduce((a, b) => a + b) / file.values.length);
  equal([told.NaN, told.zeros, told.PCC], ["0", "0", "1.000000"]);
  ok((await panel.getByRole("img", { name: /^Histogram/ }).locator("rect.bin").count()) === 64, "a histogram");
  const cell = (row, column) => grid.locator(`[role=row][aria-rowindex="${row + 1}"] [aria-colindex="${column + 1}"]`).textContent();
  await eventually(async () => (await cell(0, 0)).length > 0, true, "values");
  near(await cell(1, 2), file.values[50 + 2]);
  await t.shot("tensor");
  // another slice, and its last corner by the keyboard
  await panel.getByLabel("Index of dimension 0").fill("1");
  await panel.getByLabel("Index of dimension 1").fill("2");
  await eventually(async () => Math.abs(Number(await cell(0, 0)) - file.values[5 * 2000]) < 1e-4, true, "the slice [1, 2]");
  await grid.focus();
  await t.page.keyboard.press("Control+End");
  await eventually(async () => Math.abs(Number(await grid.locator("[aria-selected=true]").textContent()) - file.values.at(-1)) < 1e-4, true, "the last value");
  // it follows the selection, and differences can be looked at
  await t.clickNode(await idOf(t, "log"));
  await eventually(async () => (await panel.locator(".panel-bar b").textContent()).includes("log"), true, "the other op");
  await panel.getByLabel("Which values").selectOption("difference");
  await eventually(async () => (await panel.locator(".statistics > div").first().textContent()) === "min0", true, "the golden run computes the same");
});

test("tensor: what may not all stay is made when somebody looks at it", async (t) => {
  const wide = "tensor<512x512xf32>", n = 20;
  const ops = Array.from({ length: n }, (_, i) => `    %${i} = "ttir.${i % 2 ? "abs" : "matmul"}"(${i ? `%${i - 1}` : "%arg0"}${i % 2 ? "" : ", %arg0"}) : (${i % 2 ? wide : `${wide}, ${wide}`}) -> ${wide}\n`);
  const panel = await executed(t, `module {\n  func.func @main(%arg0: ${wide}) -> ${wide} {\n${ops.join("")}    return %${n - 1} : ${wide}\n  }\n}\n`, { mb: 20 });
  await eventually(async () => /Tensors are made when they are looked at, [\d.]+ MB/.test(await panel.innerText()), true, "it says so"); // twenty of 1 MB, and the golden ones
  await panel.getByRole("button", { name: "look at them" }).click();
  const tensor = t.panel("tensor"), grid = tensor.getByRole("grid");
  for (const op of ["matmul", "abs"]) {
    await t.clickNode(await idOf(t, op));
    await eventually(async () => (await tensor.locator(".panel-bar b").textContent()).includes(op), true, op);
    const file = npy((await t.download(() => tensor.getByRole("link", { name: ".npy" }).click())).bytes);
    equal(file.shape, "512, 512");
    if (op === "abs") ok(file.values.every((v) => v >= 0), "magnitudes");
    else ok(file.values.some((v) => v < 0), "products of both signs");
    await eventually(async () => Math.abs(Number(await grid.locator('[role=row][aria-rowindex="1"] [aria-colindex="1"]').textContent()) - file.values[0]) <= 1e-3 * Math.abs(file.values[0]), true, "the grid has them");
    equal(await tensor.locator(".statistics > div", { hasText: "PCC" }).locator("dd").textContent(), "1.000000");
  }
});

test("tensor: without kept tensors it says so, and executes on request; from the table of ops", async (t) => {
  const execute = await executed(t, SLICES, { keep: false });
  await t.command("panel.tensor");
  const panel = t.panel("tensor");
  await panel.getByText(/has kept its tensors/).waitFor();
  await panel.getByRole("button", { name: "Execute and keep them" }).click();
  await panel.getByText(/Select an op/).waitFor();
  await t.command("panel.execute");
  await execute.getByRole("button", { name: "Values of ttir.log" }).first().click();
  await panel.getByRole("grid").waitFor();
  await t.command("panel.execute");
  await execute.getByLabel("Megabytes of kept tensors").fill("1");
  await execute.getByLabel("Megabytes of kept tensors").press("Tab");
  await t.openText("big.mlir", SLICES.replaceAll("2x3x40x50", "2x3x400x500"));
  await t.panel("execute").getByRole("button", { name: "Execute", exact: true }).click();
  await t.panel("execute").getByText(/not in memory: .* MB are needed/).waitFor();
});

// A .npy of f32.
function npyOf(values, shape) {
  const head = Buffer.from(`{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117) + "\n");
  const out = Buffer.alloc(10 + head.length + 4 * values.length);
  out.write("\x93NUMPY\x01\x00", "latin1");
  out.writeUInt16LE(head.length, 8);
  head.copy(out, 10);
  values.forEach((v, i) => out.writeFloatLE(v, 10 + head.length + 4 * i));
  return out;
}
const TWO = `module {
  func.func @main(%a: tensor<2x2xf32> loc("left"), %b: tensor<2x2xf32> loc("right")) -> tensor<2x2xf32> {
    %0 = "ttir.subtract"(%a, %b) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  }
}
`;

test("execute: inputs of files, results to save, and tensors that are made again", async (t) => {
  await t.openText("two.mlir", TWO);
  await t.page.keyboard.press("x");
  const panel = t.panel("execute"), start = panel.getByRole("button", { name: "Execute", exact: true });
  const choose = async (button, name, buffer) => {
    const [chooser] = await Promise.all([t.page.waitForEvent("filechooser"), button.click()]);
    await chooser.setFiles({ name, mimeType: "application/octet-stream", buffer });
  };
  const row = (name) => panel.getByRole("option", { name: new RegExp(`^Argument \\d ${name}`) });
  await panel.locator(".execute-inputs summary").click();
  await eventually(async () => /2x2xf32.*seeded/.test(await row("right").textContent()), true, "arguments are listed");
  await choose(row("right").getByRole("button", { name: /^Choose values/ }), "b.npy", npyOf([1, 1, 2, 8], [2, 2]));
  await eventually(async () => /b\.npy/.test(await row("right").textContent()), true, "the argument has its file");
  await choose(panel.getByRole("button", { name: "Choose files…" }), "a.npy", npyOf([5, 4, 3, 2], [2, 2]));
  await eventually(async () => /a\.npy/.test(await row("left").textContent()), true, "what has no name goes to what has nothing yet");
  await t.shot("execute_inputs");
  await start.click();
  await panel.getByText("Inputs: left of a.npy, right of b.npy").waitFor();
  const saved = npy((await t.download(() => panel.getByRole("link", { name: /^0 2x2xf32/ }).click())).bytes);
  equal(saved, { shape: "2, 2", values: [4, 3, 1, -6] });
  ok((await t.download(() => panel.getByRole("link", { name: ".npz" }).click())).bytes.subarray(0, 2).toString() === "PK", "all results");
  const trace = JSON.parse((await t.download(() => panel.getByRole("link", { name: ".json" }).click())).bytes);
  ok(trace.traceEvents.some((e) => e.name === "ttir.subtract" && e.dur > 0), "the trace");
  ok(/^op,name,line,/.test((await t.download(() => panel.getByRole("link", { name: ".csv" }).click())).bytes.toString()), "and as a table");
  // freed: the same numbers come again
  const model = (await t.server.api("GET", "/models")).models[0].id;
  const [last] = (await t.server.api("GET", `/models/${model}/executions`)).executions.slice(-1);
  await t.server.api("DELETE", `/executions/${last.id}/tensors`);
  await t.page.reload();
  await t.ready();
  await panel.getByRole("button", { name: "Run again" }).click();
  const again = npy((await t.download(() => panel.getByRole("link", { name: /^0 2x2xf32/ }).click())).bytes);
  equal(again.values, saved.values);
  equal((await t.server.api("GET", `/models/${model}/executions`)).executions.length, 1);
  // what does not fit is a sentence
  await panel.locator(".execute-inputs summary").click();
  await choose(row("left").getByRole("button", { name: /^Choose values/ }), "wide.npy", npyOf([1, 2, 3], [3]));
  await eventually(async () => /wide\.npy/.test(await row("left").textContent()), true, "the other file is there");
  await start.click();
  await panel.getByText("Wide.npy, which holds 3xf32, does not fit argument 0 'left' (2x2xf32): its shape does not match.").waitFor();
});

test("tensor: one that cannot be read is asked for once, and says why", async (t) => {
  await executed(t, SLICES);
  let asked = 0;
  await t.page.route(/\/tensor\?/, (route) => {
    asked++;
    return route.fulfill({ status: 409, contentType: "application/json", body: JSON.stringify({ error: { code: "gone", message: "it had to make room" } }) });
  });
  await t.clickNode(await idOf(t, "abs"));
  await t.command("panel.tensor");
  await t.panel("tensor").getByRole("alert").getByText("It had to make room.").waitFor();
  await t.page.waitForTimeout(300); // for what must not come
  equal(asked, 1);
  t.forgive(/409/);
});

test("execute: where accuracy falls is told, and a click goes there", async (t) => {
  const panel = await executed(t, CANCELS);
  const told = panel.getByRole("group", { name: "Divergence" });
  await told.waitFor();
  ok(/falls below 0\.99 first at subtract|falls below 0\.99 first at ttir\.subtract/.test(await told.textContent()), await told.textContent());
  await t.shot("execute_divergence");
  await told.getByRole("button", { name: /subtract/ }).first().click();
  const second = (await t.graph()).boxes.filter((b) => b.label.includes("subtract")).at(-1).id;
  await eventually(async () => (await t.graph()).selection, [second], "the op is selected");
});

const NAMED = `func.func @main(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) -> tensor<4x2xf32> {
  %0 = "ttir.matmul"(%a, %b) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32> loc("fc")
  %1 = "ttir.relu"(%0) : (tensor<4x2xf32>) -> tensor<4x2xf32> loc("act")
  return %1 : tensor<4x2xf32>
}
`;
const OPS_PERF = `OP CODE,OP TYPE,GLOBAL CALL COUNT,DEVICE ID,CORE COUNT,HOST START TS,OP TO OP LATENCY [ns],DEVICE FW DURATION [ns],LOC
Tilize,tt_dnn_device,1024,0,8,10,0,2000,"loc(""fc"")"
MatmulDeviceOperation,tt_dnn_device,2048,0,64,20,500,7000,"loc(""fc"")"
UnaryDeviceOperation,tt_dnn_device,3072,0,64,30,0,1000,"loc(""act"")"
Copy,tt_dnn_device,4096,0,64,40,0,1000,loc(unknown)
`;

test("node data: a run that colours nothing says why", async (t) => {
  await t.openText("m.mlir", NAMED);
  await t.command("panel.nodedata");
  await t.drop("elsewhere.json", { results: { nowhere: { value: 1 } } });
  const panel = t.panel("nodedata");
  await panel.getByText(/No node of this graph has one of its keys/).first().waitFor();
});

test("execute: a trace that is dropped is bound to nodes, on the timeline, in the table, beside an execution", async (t) => {
  // That the execution has ended is told late, when it is shown by its overlays already: the trace stays, as the last
  // that was wished for.
  let tell, late = new Promise((done) => (tell = done));
  await t.open();
  await t.page.route(/\/jobs\/\d+$/, async (route) => {
    await late;
    await route.continue();
  });
  const panel = await executed(t, NAMED);
  await t.drop("ops_perf_results.csv", OPS_PERF);
  await panel.getByText(/1 of 3 ops name no location/i).waitFor();
  tell();
  await t.page.getByText("Executed. Times, memory and accuracy are node data now.").waitFor();
  const rows = await panel.locator(".node-table [role=option]").evaluateAll((all) => all.map((row) => Array.from(row.children, (c) => c.textContent)));
  equal(rows.map((r) => [r[0], Number(r[2])]), [["Tilize", 9], ["UnaryDeviceOperation", 1], ["Copy", 1]]);
  ok(rows[0].some((c) => /\d/.test(c) && c !== rows[0][2]), "the execution's numbers are beside it: " + rows[0].join(" | "));
  await t.shot("execute_trace");
  await panel.locator(".node-table [role=option]").first().click();
  await eventually(async () => (await t.graph()).selection.join(), "main/ttir.matmul@fc", "the op of the row");
  await t.command("panel.nodedata");
  await t.panel("nodedata").getByText("time (us), ops_perf_results.csv").first().waitFor();
  await t.drop("nothing.csv", "a,b\n1,2\n");
  await t.page.getByText(/it is no trace or measurement that is known/i).first().waitFor();
  t.forgive(/422/);
});

test("tensor: of a stage, beside the golden values of its source", async (t) => {
  await t.openModel("examples/mnist.mlir");
  await t.page.keyboard.press("c");
  await t.panel("compile").getByRole("button", { name: "Compile", exact: true }).click();
  await t.page.getByRole("tab", { name: /ttnn-deallocate/ }).first().waitFor();
  await t.ready();
  await t.command("graph.expandAll");
  await t.page.keyboard.press("x");
  const panel = t.panel("execute");
  await panel.getByLabel("accuracy").check();
  await panel.getByLabel("tensors", { exact: true }).check();
  await panel.getByRole("button", { name: "Execute", exact: true }).click();
  await panel.getByText(/All \d+ compared ops agree with PCC 0.99 or better/).waitFor();
  await panel.getByRole("button", { name: "Values of ttnn.softmax" }).click();
  const tensor = t.panel("tensor");
  await tensor.getByLabel("Which values").selectOption("golden");
  await eventually(async () => Math.abs(Number(await tensor.locator(".statistics > div").nth(2).locator("dd").textContent()) - 0.1) < 1e-3, true, "ten probabilities have the mean 0.1");
  await t.shot("tensor_stage");
});
