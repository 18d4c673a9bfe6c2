// A Nest gateway as its documentation shows it: join a socket.io room, emit to the room.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { dZoneFrame } from './frame.mjs';
import { serve } from './serve.mjs';

class RoomGateway {
  join(socket) {
    socket.join('room');
    return { recovered: false };
  }
}
// Decorators, applied by hand: this file is plain JavaScript.
const join = Object.getOwnPropertyDescriptor(RoomGateway.prototype, 'join');
SubscribeMessage('join')(RoomGateway.prototype, 'join', join);
WebSocketServer()(RoomGateway.prototype, 'server');
WebSocketGateway()(RoomGateway);
class AppModule {}
Module({ providers: [RoomGateway] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new IoAdapter(app));
await app.listen(0, '127.0.0.1');
const gateway = app.get(RoomGateway);
let offset = 0;
serve(app.getHttpServer().address().port, (text) => {
  offset += 1;
  gateway.server.to('room').emit('message', dZoneFrame(text, offset));
});
