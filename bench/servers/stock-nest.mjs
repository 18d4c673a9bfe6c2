// A Nest gateway as its documentation shows it: join a socket.io room, emit to the room, answer with an object.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import { dZoneFrame } from './frame.mjs';
import { largeGuild, largeMembers } from './large-guild.mjs';
import { serve } from './serve.mjs';

/** What Guildcast answers to a join of the large guild. */
function answerOf(members) {
  const cursor = 'abcdefghijkl:0';
  const onlineCount = members.filter(({ status }) => status !== 'offline').length;
  const counts = { memberCount: members.length, onlineCount };
  const snapshot = {
    guild: { ...largeGuild, iconUrl: null, ...counts, default: false, door: 'open' },
    members,
    cursor,
    source: 'large',
    asOf: new Date().toISOString(),
    stale: false,
    partial: [],
  };
  return { guildId: largeGuild.id, cursor, recovered: false, snapshot };
}

class RoomGateway {
  join(socket) {
    socket.join('room');
    return { recovered: false };
  }

  joinLarge(socket) {
    socket.join(largeGuild.id);
    return (this.joined ??= answerOf(largeMembers()));
  }
}
// Decorators, applied by hand: this file is plain JavaScript.
for (const [message, method] of [
  ['join', 'join'],
  ['join-large', 'joinLarge'],
]) {
  const handler = Object.getOwnPropertyDescriptor(RoomGateway.prototype, method);
  SubscribeMessage(message)(RoomGateway.prototype, method, handler);
}
WebSocketServer()(RoomGateway.prototype, 'server');
WebSocketGateway()(RoomGateway);
class AppModule {}
Module({ providers: [RoomGateway] })(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new IoAdapter(app));
await app.listen(0, '127.0.0.1');
const gateway = app.get(RoomGateway);
let offset = 0;
serve(app.getHttpServer().address().port, {
  publish: (text) => {
    offset += 1;
    gateway.server.to('room').emit('message', dZoneFrame(text, offset));
  },
});
