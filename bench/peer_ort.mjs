// onnxruntime as a peer of the executor: peer_ort.mjs FOLDER THREADS. Speaks as bench_exec does.
import { readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import * as ort from 'onnxruntime-node';

const [folder, threads] = process.argv.slice(2);
const kinds = { f4: ['float32', Float32Array], i8: ['int64', BigInt64Array], i4: ['int32', Int32Array], b1: ['bool', Uint8Array] };

// The numbers of a .npy file: behind a header whose length stands at byte 8.
function numbers(file, array) {
  const bytes = readFileSync(file);
  const start = 10 + bytes.readUInt16LE(8);
  return new array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
}

const base = process.memoryUsage().rss;
const session = await ort.InferenceSession.create(`${folder}/model.onnx`, {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'all',
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  executionMode: 'sequential',
});
const feeds = {};
for (const [name, shape, kind, file] of JSON.parse(readFileSync(`${folder}/inputs.json`, 'utf8')))
  feeds[name] = new ort.Tensor(kinds[kind][0], numbers(file, kinds[kind][1]), shape);
let results = await session.run(feeds);
console.log(`ready ${base}`);
for await (const line of createInterface({ input: process.stdin })) {
  const [command, file] = line.split(' ');
  if (command === 'run') {
    const wall = performance.now(), processor = process.cpuUsage();
    results = await session.run(feeds);
    const used = process.cpuUsage(processor);
    console.log(`${performance.now() - wall} ${(used.user + used.system) / 1e3}`);
  } else {
    writeFileSync(file, Buffer.from(results[session.outputNames[0]].data.buffer));
    console.log('saved');
  }
}
