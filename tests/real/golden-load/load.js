// Puts the gateway in the current folder under load: the service itself, in this process, with a
// slow upstream on the loopback and clients that hang up. Prints one line of JSON with figures.
//
// Two modules are stood in for: `fastify`, which need not be installed, and the name of the
// upstream, which nobody resolves here. Everything else is the service's own code.
'use strict';

const http = require('node:http');
const Module = require('node:module');
const path = require('node:path');

const rate = Number(process.env.INCIDENT_LOAD_RATE || 120);
const seconds = Number(process.env.GOLDEN_SECONDS || 4);
const upstreamMs = 200;
const hangUpMs = 1500;

function fastify() {
  const routes = new Map();
  const add = (method) => (url, ...rest) => routes.set(`${method} ${url}`, rest.at(-1));
  const server = http.createServer((req, res) => {
    const chunks = [];
    req.on('data', (chunk) => chunks.push(chunk));
    req.on('end', async () => {
      let status = 200;
      const reply = { code: (code) => ((status = code), reply) };
      const handler = routes.get(`${req.method} ${req.url}`);
      const body = Buffer.concat(chunks).toString();
      const answer = await handler({ body: body ? JSON.parse(body) : null }, reply);
      if (!res.destroyed) res.writeHead(status).end(JSON.stringify(answer));
    });
  });
  return {
    post: add('POST'),
    get: add('GET'),
    listen: ({ port, host }) =>
      new Promise((resolve) => server.listen(port, host, () => resolve(`${host}:${port}`))),
  };
}

const load = Module._load;
Module._load = function (name, ...rest) {
  return name === 'fastify' ? fastify : load.call(this, name, ...rest);
};

const request = http.request;
let upstreamPort = 0;
http.request = function (options, ...rest) {
  const isUpstream = options && options.host === 'billing.internal';
  const to = isUpstream ? { ...options, host: '127.0.0.1', port: upstreamPort } : options;
  return request.call(this, to, ...rest);
};

const write = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true;
console.error = () => {};

function checkout() {
  const started = performance.now();
  return new Promise((resolve) => {
    const end = (ok) => resolve({ ok, ms: performance.now() - started });
    const options = { host: '127.0.0.1', port: 8080, method: 'POST', path: '/checkout' };
    const req = request({ ...options, agent: false }, (res) => {
      res.resume();
      res.on('end', () => end(res.statusCode === 200));
    });
    const timer = setTimeout(() => (req.destroy(), end(false)), hangUpMs);
    req.on('close', () => clearTimeout(timer));
    req.on('error', () => end(false));
    req.end('{"cart":1}');
  });
}

async function main() {
  const upstream = http.createServer((req, res) => {
    req.resume();
    req.on('end', () => setTimeout(() => res.writeHead(200).end('ok'), upstreamMs));
  });
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  upstreamPort = upstream.address().port;
  require(path.resolve('src/server.js'));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const begun = performance.now();
  const running = [];
  for (let sent = 0; sent < rate * seconds; sent += 1) {
    const due = begun + (sent * 1000) / rate;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    running.push(checkout());
  }
  const done = await Promise.all(running);
  const took = (performance.now() - begun) / 1000;
  const good = done.filter((it) => it.ok);
  const sorted = done.map((it) => it.ms).sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const figures = {
    requests: done.length,
    errors: done.length - good.length,
    per_second: done.length / took,
    latency_ms: { p50: at(0.5), p99: at(0.99) },
  };
  write(`${JSON.stringify(figures)}\n`);
  process.exit(0);
}

main();
