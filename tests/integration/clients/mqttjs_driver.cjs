// Runs clients of MQTT.js for a test. A line of JSON on standard input is a request, a line on standard output an answer
// ({id, result} or {id, error}), an arrival ({client, arrival}) or a
// connection that is ready ({client, ready}).
// usage: node mqttjs_driver.cjs FOLDER-OF-THE-PACKAGE
'use strict';

const fs = require('node:fs');
const readline = require('node:readline');
const mqtt = require(process.argv[2]);

const clients = new Map();
const tell = (line) => process.stdout.write(JSON.stringify(line) + '\n');

// Like Node-RED, `subscribesAlways` subscribes on each connection, whether its session was there or not.
function connect({ client: name, url, caFile, subscribesAlways, options }) {
  if (caFile) options.ca = [fs.readFileSync(caFile)];
  const client = mqtt.connect(url, options);
  const subscriptions = new Map();
  clients.set(name, { client, subscriptions });
  client.on('message', (topic, payload, packet) => {
    const { qos, retain } = packet;
    tell({ client: name, arrival: { topic, payload: payload.toString(), qos, retain } });
  });
  return new Promise((resolve, reject) => {
    client.on('error', reject);
    client.on('connect', async (connack) => {
      if (subscribesAlways) {
        for (const [filter, qos] of subscriptions) await client.subscribeAsync(filter, { qos });
      }
      tell({ client: name, ready: true });
      resolve({ sessionPresent: connack.sessionPresent });
    });
  });
}

async function subscribe({ client: name, filter, qos }) {
  const { client, subscriptions } = clients.get(name);
  subscriptions.set(filter, qos);
  const granted = await client.subscribeAsync(filter, { qos });
  return granted.map((one) => one.qos);
}

async function publish({ client: name, topic, payloads, options }) {
  const { client } = clients.get(name);
  await Promise.all(payloads.map((payload) => client.publishAsync(topic, payload, options)));
}

// Loses the connection and lets the client notice it.
async function lose({ client: name }) {
  clients.get(name).client.stream.destroy();
}

// Without `force` a DISCONNECT is sent first.
async function end({ client: name, force }) {
  const { client } = clients.get(name);
  clients.delete(name);
  await client.endAsync(force);
}

const verbs = { connect, subscribe, publish, lose, end };

const input = readline.createInterface({ input: process.stdin });
input.on('line', async (line) => {
  const { id, verb, ...request } = JSON.parse(line);
  try {
    tell({ id, result: (await verbs[verb](request)) ?? null });
  } catch (error) {
    tell({ id, error: String(error) });
  }
});
input.on('close', () => process.exit(0));
