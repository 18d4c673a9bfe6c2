// Asks addresses for JSON as the source http does, in a process of its own: prints what became of each.
// Its one argument: { serve?: port, questions: [{ url, addresses? }] }. `addresses` is what the name stands for at that
// question; without it private addresses are allowed. With `serve` it answers itself, and tells who was connected to.
import { createServer } from 'node:http';
import { isIP } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = path.join(import.meta.dirname, '../../dist');
const built = (file) => import(pathToFileURL(path.join(dist, file)).href);
const { publicAddresses } = await built('outgoing/address-rule.js');
const { guardedConnector } = await built('outgoing/guarded-connector.js');
const { JsonClient } = await built('providers/http/json-client.js');

const { serve, questions } = JSON.parse(process.argv[2]);
const connectedTo = [];
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{"well":true}');
});
server.on('connection', ({ localAddress }) => connectedTo.push(localAddress));
if (serve) await new Promise((done) => server.listen(serve, '0.0.0.0', done));

let now;
const client = new JsonClient({
  headers: { authorization: 'Bearer hidden-word' },
  timeoutMs: 5_000,
  maxBytes: 1_000_000,
  connect: guardedConnector({
    rule: questions.some(({ addresses }) => addresses) ? publicAddresses('none is allowed') : undefined,
    timeoutMs: 5_000,
    resolve: (_name, _options, callback) =>
      callback(
        null,
        now.map((address) => ({ address, family: isIP(address) })),
      ),
  }),
});
const answers = [];
for (const { url, addresses } of questions) {
  now = addresses;
  answers.push(await client.get(url).catch((error) => error.message));
}
await client.close();
if (serve) server.close();
console.log(JSON.stringify({ answers, connectedTo }));
