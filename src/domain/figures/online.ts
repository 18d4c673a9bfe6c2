import { type Figure } from './figure.js';

export const online: Figure = {
  meaning: 'members who are not offline',
  read: ({ room }) => ({ value: room.onlineCount, atLeast: false }),
};
