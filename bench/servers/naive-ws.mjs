// The loop that most servers begin with: serialise and send for each client.
import { WebSocketServer } from 'ws';
import { dZoneFrame } from './frame.mjs';
import { serve } from './serve.mjs';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket) => socket.on('message', () => socket.send('{"type":"server-join"}')));
let offset = 0;
server.once('listening', () =>
  serve(server.address().port, {
    publish: (text) => {
      offset += 1;
      for (const socket of server.clients) socket.send(JSON.stringify(dZoneFrame(text, offset)));
    },
  }),
);
