import { type Figure } from './figure.js';

export const members: Figure = {
  meaning: 'all members that the room shows',
  read: ({ room }) => ({ value: room.memberCount, atLeast: false }),
};
