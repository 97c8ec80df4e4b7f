// node infer_peer.js RUNTIME MODEL.onnx FACES BATCH ROUNDS THREADS: the same as infer_driver.cpp by ONNX Runtime, the package in folder RUNTIME.
const fs = require('fs');
const [runtime, model, faces, batch, rounds, threads] = process.argv.slice(2);
const ort = require(runtime);
const FACE = 48 * 48;

(async () => {
  const options = { intraOpNumThreads: Number(threads), interOpNumThreads: 1, graphOptimizationLevel: 'all' };
  const session = await ort.InferenceSession.create(model, options);
  const n = Number(batch);
  const bytes = new Uint8Array(fs.readFileSync(faces)).slice(0, n * FACE);
  const feeds = { faces: new ort.Tensor('uint8', bytes, [n, 1, 48, 48]) };
  const { logits } = await session.run(feeds, ['logits']); // plans and packs
  const seconds = [];
  for (let i = 0; i < Number(rounds); ++i) {
    const begin = process.hrtime.bigint();
    await session.run(feeds, ['logits']);
    seconds.push(Number(process.hrtime.bigint() - begin) / 1e9);
  }
  console.log(JSON.stringify({ seconds, logits: Array.from(logits.data) }));
})();
